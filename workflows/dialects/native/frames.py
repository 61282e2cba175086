"""Events as they are: the canonical kind, its data, and where it belongs."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from workflows.models import EventRow
from workflows.streaming.frames import Frame


def event_object(event: EventRow) -> dict[str, Any]:
    """An event as JSON, the same in lists and in streams."""
    return {
        "seq": event.seq,
        "kind": event.kind,
        "task_id": str(event.task_id),
        "session_id": event.session_id and str(event.session_id),
        "timestamp": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": event.data,
    }


class NativeFramer:
    """`GET /api/v1/tasks/{id}/events/stream`: one frame an event."""

    def frame(self, event: EventRow) -> Frame | None:
        return Frame(event.kind, event_object(event))

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        return Frame("reset", {"first_id": first_id, "snapshot": dict(snapshot)})


NATIVE = NativeFramer()
