"""Frames as they stand on the wire, read by code of our own."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

RUN_BITS = 32
"""`<run>-<seq>` of a thread's stream counts as one number: the run, and below it the seq."""

Taken = tuple[int | None, str, dict[str, Any]]
"""A frame: id, name, data."""


class ServerSentEvents:
    """WHATWG HTML, "Server-sent events", as far as our server uses it. A frame that is cut short does not count."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> Iterator[Taken]:
        """The frames that are whole now: id, name, data."""
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        for block in blocks:
            fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line and line[:1] != b":")
            if b"data" in fields:
                id = number_of(fields[b"id"].decode()) if b"id" in fields else None
                yield id, fields[b"event"].decode(), json.loads(fields[b"data"])


class JsonLines:
    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> Iterator[Taken]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in filter(None, lines):
            frame = json.loads(line)
            id = number_of(str(frame["id"])) if "id" in frame else None
            yield id, frame["event"], frame["data"]


def digest_of(data: object) -> str:
    """Of an event's data, the same for a row and for the frame that shows it."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def number_of(id: str) -> int:
    """An id of any stream, as a number by which ids are in order."""
    run, _, seq = id.rpartition("-")
    return int(run or 0) << RUN_BITS | int(seq)
