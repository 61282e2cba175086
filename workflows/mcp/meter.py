"""How much a server may send: no message without end, and no flood of small ones."""

import time
from collections.abc import Callable
from typing import Final

from workflows.mcp.server import ServerFailed

MAX_MESSAGE_BYTES: Final = 2_000_000
_CAPACITY: Final = 8_000_000
_REFILL: Final = 500_000
"""Bytes a second."""
_LEAST: Final = 4_000
"""What the smallest piece counts as: taking it is work, too, about a millisecond of the loop's."""


class Meter:
    """Counts what one connection receives. What it refuses ends the connection."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(_CAPACITY)
        self._at = clock()

    def take(self, size: int) -> None:
        """A piece of so many bytes has come. Raises `ServerFailed` if that is too much, too fast."""
        now = self._clock()
        self._left = min(_CAPACITY, self._left + (now - self._at) * _REFILL) - max(size, _LEAST)
        self._at = now
        if self._left < 0:
            raise ServerFailed("The server floods: it sends more than anybody could have asked for.")


def too_long() -> ServerFailed:
    """For a message over `MAX_MESSAGE_BYTES`."""
    return ServerFailed(f"The server sent a message of more than {MAX_MESSAGE_BYTES:,} bytes, which is not taken.")
