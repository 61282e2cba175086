"""How far a task had come."""

import uuid
from typing import Any, Final

from workflows.events import Kind
from workflows.models import Event, Job, Task

STANDING: Final = ("progress", "step", "total_steps")


def standing(task_id: uuid.UUID) -> dict[str, Any]:
    """What events that only change the status say of it, so that a reader sees it neither fall nor start anew."""
    told = Event.objects.filter(task_id=task_id, kind=Kind.TASK_PROGRESS).order_by("-seq")
    last = told.values_list("data", flat=True).first() or _beginning(task_id)
    return {name: last[name] for name in STANDING if name in last}


def _beginning(task_id: uuid.UUID) -> dict[str, Any]:
    """Of an execution nobody has counted the nodes yet; a generation's stages are always the same."""
    is_execution = Task.objects.filter(pk=task_id, job=Job.EXECUTE).exists()
    return {"progress": 0, **({"step": 0, "total_steps": 0} if is_execution else {})}
