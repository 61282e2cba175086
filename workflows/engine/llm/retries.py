"""How often and how patiently a failed call is tried again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Retries:
    """Exponential backoff with full jitter; a `Retry-After` of the endpoint goes before it. Seconds.

    Chance, time and sleep are handed in, so that tests have none of them.
    """

    attempts: int = 5
    first_s: float = 1.0
    longest_s: float = 20.0
    longest_asked_s: float = 60.0
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def delay_s(self, failures: int, asked_s: float | None) -> float:
        """How long to wait after so many failures, the endpoint having asked for so much."""
        if asked_s is not None:
            return min(max(asked_s, 0.0), self.longest_asked_s)
        window: float = min(self.first_s * 2.0 ** (failures - 1), self.longest_s)
        # At least half of the window: an endpoint in trouble gets some rest from everybody.
        return window * (0.5 + self.chance() / 2)
