"""What streams are made of: their keys, and events as their readers get them."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, Self

RUN_BITS: Final = 32
"""An id on a thread's stream, `<run>-<seq>`, counts as one number: the run, and below it the seq."""

StreamKind = Literal["task", "session", "thread"]


class StreamKey(NamedTuple):
    """A task's, a session's or a thread's stream. Its event ids are `seq`, `session_seq` or `<run>-<seq>`."""

    kind: StreamKind
    id: uuid.UUID

    @classmethod
    def parse(cls, kind: StreamKind, id: str) -> "StreamKey":
        return cls(kind, uuid.UUID(id))

    @property
    def group(self) -> str:
        """The channel-layer group in which its new events are announced."""
        return f"{self.kind}.{self.id}"

    def written(self, number: int) -> str:
        """An id of this stream as it stands on the wire."""
        if self.kind != "thread":
            return str(number)
        return f"{run_of(number)}-{seq_of(number)}"

    def read(self, id: str) -> int | None:
        """The number of an id from the wire, or None if no stream of this kind gives out such an id."""
        if self.kind != "thread":
            return _digits(id, 18)
        run, _, seq = id.partition("-")
        run_no, number = _digits(run, 9), _digits(seq, 9)
        return None if run_no is None or number is None else place_in_thread(run_no, number)


def place_in_thread(run_no: int, seq: int) -> int:
    """`<run>-<seq>` as a number."""
    return run_no << RUN_BITS | seq


def run_of(number: int) -> int:
    return number >> RUN_BITS


def seq_of(number: int) -> int:
    return number & ((1 << RUN_BITS) - 1)


def _digits(text: str, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most else None


def timestamp(at: datetime) -> str:
    """A moment as every JSON of ours has it: ISO 8601, UTC, milliseconds, with `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of the log, read or just written."""

    task_id: uuid.UUID | None
    seq: int | None
    session_id: uuid.UUID | None
    session_seq: int | None
    kind: str
    data: dict[str, Any]
    at: datetime
    thread_id: uuid.UUID | None = None
    run_no: int | None = None

    def number_in(self, key: StreamKey) -> int:
        """The event's id on that stream, as a number."""
        number = self.session_seq if key.kind == "session" else self.seq
        if key.kind == "thread" and self.run_no is not None and self.seq is not None:
            number = place_in_thread(self.run_no, self.seq)
        assert number is not None, f"{self} is not on {key}"
        return number

    def streams(self) -> list[StreamKey]:
        """The streams that tell of this event."""
        on: dict[StreamKind, uuid.UUID | None] = {
            "task": self.task_id,
            "session": self.session_id,
            "thread": self.thread_id,
        }
        return [StreamKey(kind, id) for kind, id in on.items() if id]

    def to_object(self) -> dict[str, Any]:
        """The event as people get it, as JSON: the same in lists, in streams and in webhooks."""
        return {
            "seq": self.seq,
            "kind": self.kind,
            "task_id": str(self.task_id),
            "session_id": self.session_id and str(self.session_id),
            "timestamp": timestamp(self.at),
            "data": self.data,
        }

    def to_list(self) -> list[Any]:
        """JSON-ready, for a channel-layer message. `from_list` reads it."""
        return [
            self.task_id and str(self.task_id),
            self.seq,
            self.session_id and str(self.session_id),
            self.session_seq,
            self.kind,
            self.data,
            self.at.isoformat(),
            self.thread_id and str(self.thread_id),
            self.run_no,
        ]

    @classmethod
    def from_list(cls, row: list[Any]) -> Self:
        return cls(
            task_id=_uuid(row[0]),
            seq=row[1],
            session_id=_uuid(row[2]),
            session_seq=row[3],
            kind=row[4],
            data=row[5],
            at=datetime.fromisoformat(row[6]),
            thread_id=_uuid(row[7]),
            run_no=row[8],
        )


def _uuid(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None
