"""The tool calls in a model's reply, put together from the pieces in which they are streamed."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from workflows.engine.text import scrub

MAX_REQUESTS: Final = 64
"""In one reply. A model that asks for more has lost its way."""
MAX_ID_CHARS: Final = 100
MAX_NAME_CHARS: Final = 200

_OVERHEAD: Final = 16
"""Of a piece, so that pieces that hold nothing come to an end, too."""


class ToolRequest(NamedTuple):
    """A call as the model wrote it: the id that its result has to carry, a name, and arguments, JSON or not."""

    id: str
    name: str
    arguments: str

    def as_message(self) -> dict[str, Any]:
        """How it stands in the assistant's message."""
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments or "{}"}}


class CallPiece(NamedTuple):
    """What one chunk adds to a call. `number` is None where an endpoint does not number its calls."""

    number: int | None
    id: str
    name: str
    arguments: str


def call_pieces(deltas: Sequence[Any] | None) -> tuple[CallPiece, ...]:
    """Raises `AttributeError` or `TypeError` for what is no list of deltas."""
    return tuple(_piece(delta) for delta in deltas or ())


class CallPieces:
    """The calls of one reply."""

    def __init__(self) -> None:
        self._calls: dict[int, list[str]] = {}
        self.size = 0
        """Characters, about."""

    def add(self, pieces: Iterable[CallPiece]) -> None:
        for piece in pieces:
            call = self._calls.setdefault(self._place(piece), ["", "", ""])
            call[0] = call[0] or piece.id
            # The name comes whole, mostly once; some endpoints repeat it with every piece.
            call[1] = call[1] or piece.name
            call[2] += piece.arguments
            self.size += _OVERHEAD + len(piece.name) + len(piece.arguments)

    def whole(self) -> tuple[ToolRequest, ...]:
        """In the order in which they began, with an id each: endpoints leave it out, or give one twice."""
        requests: list[ToolRequest] = []
        taken: set[str] = set()
        for number, (given, name, arguments) in enumerate(self._calls.values()):
            id_ = given if given and given not in taken else f"call_{number}"
            taken.add(id_)
            requests.append(ToolRequest(id_, name[:MAX_NAME_CHARS], arguments))
        return tuple(requests[:MAX_REQUESTS])

    def _place(self, piece: CallPiece) -> int:
        last = max(self._calls, default=-1)
        if piece.number is not None:
            there = self._calls.get(piece.number)
            # Some endpoints give every call the number 0.
            is_another = there is not None and piece.name and piece.id and there[0] != piece.id
            return last + 1 if is_another else piece.number
        begins = piece.name and (last < 0 or self._calls[last][2])
        return last + 1 if begins or last < 0 else last


def _piece(delta: Any) -> CallPiece:
    function = delta.function
    arguments = getattr(function, "arguments", None)
    if isinstance(arguments, dict):
        # What Chat Completions has as a text, some endpoints send as the object itself.
        arguments = json.dumps(arguments, ensure_ascii=False)
    return CallPiece(
        number=delta.index if type(delta.index) is int else None,
        id=_str(delta.id)[:MAX_ID_CHARS],
        name=_str(getattr(function, "name", None)),
        arguments=_str(arguments),
    )


def _str(value: object) -> str:
    return scrub(value) if isinstance(value, str) else ""
