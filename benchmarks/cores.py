"""Which core is whose: the server, with its engines and writers, on one; the load generator on another."""

import os
from typing import NamedTuple


class Cores(NamedTuple):
    server: int
    generator: int

    def __str__(self) -> str:
        return f"{self.server},{self.generator}"

    @classmethod
    def parse(cls, text: str) -> "Cores":
        server, generator = text.split(",")
        return cls(int(server), int(generator))


def choose_cores() -> Cores:
    """The first and the last that we may use; on a machine with one core it is the same."""
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[-1])
