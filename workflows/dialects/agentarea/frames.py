"""How events look on this dialect's stream, and in its list of events."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from workflows.dialects.agentarea.telling import payload_of
from workflows.models import EventRow, StreamKey
from workflows.models.stream import timestamp
from workflows.streaming.frames import SSE, Frame, ServerSentEvents

CONNECTED: Final = "connected"
HEARTBEAT: Final = "heartbeat"
RESET: Final = "reset"


@dataclass(frozen=True)
class TaskFramer:
    """`GET …/events/stream`. The payload of each frame stands in its `data`, and at the top of it too."""

    agent_id: uuid.UUID
    thread_id: uuid.UUID

    def frame(self, event: EventRow) -> Frame | None:
        said = payload_of(event)
        if said is None:
            return None
        name, payload = said
        key = StreamKey("thread", self.thread_id)
        return self._frame(name, key.written(event.number_in(key)), event.at, event.task_id, payload)

    def connected(self, execution_id: uuid.UUID | None) -> Frame:
        """The greeting, which has no id."""
        return self._frame(CONNECTED, None, datetime.now(UTC), execution_id, {})

    def heartbeat(self) -> Frame:
        return self._frame(HEARTBEAT, None, datetime.now(UTC), None, {})

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        first = StreamKey("thread", self.thread_id).written(first_id)
        return self._frame(RESET, None, datetime.now(UTC), None, {"first_id": first, "snapshot": dict(snapshot)})

    def _frame(
        self, name: str, event_id: str | None, at: datetime, execution_id: uuid.UUID | None, payload: Mapping[str, Any]
    ) -> Frame:
        data = {**payload, **self.ids(execution_id)}
        base = {"event_type": name, "type": name, "event_id": event_id, "timestamp": timestamp(at), "data": data}
        return Frame(name, {**data, **base})

    def ids(self, execution_id: uuid.UUID | None) -> dict[str, str | None]:
        return {
            "task_id": str(self.thread_id),
            "agent_id": str(self.agent_id),
            "execution_id": str(execution_id) if execution_id else None,
        }


@dataclass(frozen=True)
class WithHeartbeat(ServerSentEvents):
    """SSE with the heartbeat as a frame of its own, which a client can hear."""

    framer: TaskFramer

    @property
    def heartbeat(self) -> bytes:  # type: ignore[override]
        return SSE.encode(self.framer.heartbeat(), None)
