"""Events as they are: the canonical kind, its data, and where it belongs."""

from collections.abc import Mapping
from typing import Any

from workflows.models import EventRow
from workflows.streaming.frames import Frame


class NativeFramer:
    """`GET /api/v1/tasks/{id}/events/stream`: one frame an event."""

    def frame(self, event: EventRow) -> Frame | None:
        return Frame(event.kind, event.to_object())

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        return Frame("reset", {"first_id": first_id, "snapshot": dict(snapshot)})


NATIVE = NativeFramer()
