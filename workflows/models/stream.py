"""What streams are made of: their keys, and events as their readers get them."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Self


class StreamKey(NamedTuple):
    """A task's or a session's stream. Its event ids are `seq` or `session_seq`."""

    kind: Literal["task", "session"]
    id: uuid.UUID

    @classmethod
    def parse(cls, kind: Literal["task", "session"], id: str) -> "StreamKey":
        return cls(kind, uuid.UUID(id))

    @property
    def group(self) -> str:
        """The channel-layer group in which its new events are announced."""
        return f"{self.kind}.{self.id}"


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

    def number_in(self, key: StreamKey) -> int:
        """The event's id on that stream."""
        number = self.seq if key.kind == "task" else self.session_seq
        assert number is not None, f"{self} is not on {key}"
        return number

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
        ]

    @classmethod
    def from_list(cls, row: list[Any]) -> Self:
        return cls(
            task_id=uuid.UUID(row[0]) if row[0] else None,
            seq=row[1],
            session_id=uuid.UUID(row[2]) if row[2] else None,
            session_seq=row[3],
            kind=row[4],
            data=row[5],
            at=datetime.fromisoformat(row[6]),
        )
