"""How far a task had come."""

import uuid
from typing import Any, Final

from workflows.engine import keys
from workflows.events import Kind
from workflows.models import Event, Job, Task

STANDING: Final = ("progress", "step", "total_steps")


def standing(task_id: uuid.UUID) -> dict[str, Any]:
    """What events that only change the status say of it, so that a reader sees it neither fall nor start anew."""
    told = Event.objects.filter(task_id=task_id, kind=Kind.TASK_PROGRESS).order_by("-seq")
    last = told.values_list("data", flat=True).first() or _beginning(task_id)
    return {name: last[name] for name in STANDING if name in last}


def iterations(task: Task) -> dict[str, Any]:
    """How many iterations an agent has begun, for the closing event of its turn; nothing of other jobs."""
    if task.job != Job.AGENT:
        return {}
    # Not those of agents that it asked, whose keys have other places.
    begun = f"{Kind.AGENT_ITERATION_STARTED}:{keys.agent_calls(keys.MAIN)}/"
    return {"iterations": Event.objects.filter(task=task, key__startswith=begun).count()}


def _beginning(task_id: uuid.UUID) -> dict[str, Any]:
    """Of an execution nobody has counted the nodes yet; a generation's stages are always the same."""
    is_execution = Task.objects.filter(pk=task_id, job=Job.EXECUTE).exists()
    return {"progress": 0, **({"step": 0, "total_steps": 0} if is_execution else {})}
