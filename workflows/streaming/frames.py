"""How events become bytes: dialects make frames of them, a format puts frames on the wire."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Protocol

from workflows.events import STREAM_ENDINGS
from workflows.models import EventRow, StreamKey

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """One message of a stream: its name (None for a message that has none on the wire) and its JSON object."""

    name: str | None
    data: Mapping[str, Any]
    alias: str | None = None
    """What filters call it, where it has no name on the wire."""


class Framer(Protocol):
    """A dialect's view of the log."""

    def frame(self, event: EventRow) -> Frame | None:
        """How the event looks on this dialect's wire, or None if it does not show there."""

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        """Told to a reader whose id cannot be served: the state so far, and the first id on offer, as a number."""


class Format(Protocol):
    content_type: str
    preamble: bytes
    dismissal: bytes
    """For a reader whose place another connection has taken: it is not to come back by itself."""

    @property
    def heartbeat(self) -> bytes: ...

    def encode(self, frame: Frame, id: str | None) -> bytes: ...


class ServerSentEvents:
    """WHATWG HTML, "Server-sent events", so written that clients which are not quite true to it understand it too.

    JSON is ASCII-escaped: some split lines at U+2028 or U+0085. Neither `retry:` nor comments stand in a block of their
    own: some (httpx-sse) hand out a message without data for a block without data.
    """

    content_type = "text/event-stream"
    preamble = b"retry: 2000\n"
    heartbeat = b": heartbeat\n"
    # Nothing ends an EventSource but an answer that it cannot get here. Waiting for a day comes close, and without it
    # two pages with one ticket would take the stream from each other every two seconds.
    dismissal = b"retry: 86400000\n"

    def encode(self, frame: Frame, id: str | None) -> bytes:
        head = "" if id is None else f"id: {id}\n"
        name = "" if frame.name is None else f"event: {frame.name}\n"
        return f"{head}{name}data: {_dump(frame.data)}\n\n".encode("ascii")


class JsonLines:
    """One JSON object a line: `{"id", "event", "data"}`. An empty line keeps the connection open."""

    name_key = "event"
    content_type = "application/x-ndjson"
    preamble = b"\n"
    heartbeat = b"\n"
    dismissal = b""

    def encode(self, frame: Frame, id: str | None) -> bytes:
        # Ids that count are numbers here, as they always were.
        head = {} if id is None else {"id": int(id) if id.isdigit() else id}
        name = {} if frame.name is None else {self.name_key: frame.name}
        return _dump({**head, **name, "data": frame.data}).encode("ascii") + b"\n"


class Silence:
    """Nothing on the wire: for callers that wait for the end only."""

    content_type = ""
    preamble = b""
    heartbeat = b""
    dismissal = b""

    def encode(self, frame: Frame, id: str | None) -> bytes:
        return b""


class NoFrames:
    """The framer that goes with `Silence`."""

    def frame(self, event: EventRow) -> Frame | None:
        return None

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        return Frame("reset", {})


SSE = ServerSentEvents()
NDJSON = JsonLines()


@dataclass(frozen=True)
class View:
    """What a reader wants to see. Readers with equal views share the encoded bytes.

    `types` are globs over canonical kinds and the dialect's names; empty means all. What ends a stream always passes.
    """

    framer: Framer
    format: Format
    types: tuple[str, ...] = ()

    def encode(self, key: StreamKey, event: EventRow) -> bytes:
        """The event's bytes on that stream, empty if it does not show."""
        try:
            frame = self.framer.frame(event)
        except Exception:  # a dialect's defect must not stop the hub, which serves the other dialects too
            logger.exception("%s could not frame %s of %s", type(self.framer).__name__, event.kind, key)
            return b""
        if frame is None or not self._wants(event.kind, frame.name or frame.alias):
            return b""
        return self.format.encode(frame, key.written(event.number_in(key)))

    def _wants(self, kind: str, name: str | None) -> bool:
        if not self.types or kind in STREAM_ENDINGS:
            return True
        return any(fnmatchcase(kind, glob) or fnmatchcase(name or "", glob) for glob in self.types)


WAIT_FOR_END = View(NoFrames(), Silence())


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
