"""What is measured, and what it should be."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from benchmarks.cores import Cores


class Figure(NamedTuple):
    """One number that a benchmark gives, with its target, if it has one."""

    label: str
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    def is_met(self, value: float) -> bool | None:
        """None without a target."""
        if self.at_most is not None:
            return value <= self.at_most
        return None if self.at_least is None else value >= self.at_least

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "" if self.at_least is None else f"≥ {self.at_least:g}"


Figures = Mapping[Figure, float]
Round = Callable[[], Figures]


class Effort(NamedTuple):
    """How much is done for a number: so many rounds, each with a window of so many seconds."""

    rounds: int
    seconds: float
    clients: int


FULL = Effort(rounds=3, seconds=5.0, clients=1000)
QUICK = Effort(rounds=1, seconds=1.5, clients=1000)

Prepare = Callable[[Effort, Cores], AbstractContextManager[Round]]
"""A benchmark: what it needs is there while the context lasts, in which its rounds are run."""


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that so large a share of them does not exceed; NaN of none."""
    ordered: Sequence[float] = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
