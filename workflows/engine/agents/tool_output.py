"""What a tool puts out, as much of it as a model is shown: cut at the limit, and marked."""

import json
from collections.abc import Iterator
from typing import Any, Final

from workflows.engine.text import scrub

WRITES: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


class NoJson(Exception):
    """A result that is neither text nor JSON."""


class Output:
    """Takes text up to a limit of characters, and no more: what is cut off was never held."""

    def __init__(self, limit: int) -> None:
        self._room = limit
        self.limit = limit
        self._taken: list[str] = []
        self.is_cut = False

    def take(self, text: str) -> str:
        """As much of this text as there is room for; empty if there is none."""
        self.is_cut = self.is_cut or len(text) > self._room
        kept = scrub(text[: self._room])
        self._room -= len(kept)
        self._taken.append(kept)
        return kept

    def take_value(self, value: Any) -> None:
        """A tool's result: text as it is, anything else as JSON. Raises `NoJson`."""
        for piece in _written(value):
            if self.is_cut:
                return
            self.take(piece)

    @property
    def text(self) -> str:
        text = "".join(self._taken)
        return f"{text}\n[cut: only the first {self.limit:,} characters are shown]" if self.is_cut else text


def _written(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        return
    # Piece by piece, so that a result without end is not written out before it is cut.
    pieces = WRITES.iterencode(value)
    while True:
        try:
            piece = next(pieces, None)
        except (TypeError, ValueError, RecursionError):
            raise NoJson from None
        if piece is None:
            return
        yield piece
