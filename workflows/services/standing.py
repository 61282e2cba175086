"""How far a task had come."""

import uuid
from typing import Any

from workflows.events import Kind
from workflows.models import Event


def standing(task_id: uuid.UUID) -> dict[str, Any]:
    """What events that only change the status say of it, so that a reader sees it neither fall nor start anew."""
    told = Event.objects.filter(task_id=task_id, kind=Kind.TASK_PROGRESS).order_by("-seq")
    last = told.values_list("data", flat=True).first() or {"progress": 0}
    return {name: last[name] for name in ("progress", "step", "total_steps") if name in last}
