"""Ending a task from outside. The canceller's transaction is the end; the worker learns of it afterwards."""

from django.db import transaction

from workflows.events import Kind
from workflows.exceptions import Conflict
from workflows.models import Task
from workflows.services.append import append
from workflows.services.standing import iterations


def cancel(task: Task, *, reason: str) -> None:
    """Cancel the task. Raises Conflict if it has ended already."""
    if not cancel_quietly(task, reason=reason):
        task.refresh_from_db(fields=["status"])
        raise Conflict(f"Task {task.pk} has already ended: it is {task.status}.")


@transaction.atomic
def cancel_quietly(task: Task, *, reason: str) -> bool:
    """Cancel the task if it has not ended. False if it had."""
    # Held until the end is written, so that its progress is the last one told.
    held = Task.objects.select_for_update(no_key=True).only("progress", "job").get(pk=task.pk)
    changes = {"current_state": "Cancelled", "error": {"type": "cancelled", "message": reason, "status": 409}}
    data = {"reason": reason, "progress": held.progress, **iterations(held)}
    return append(task.pk, Kind.TASK_CANCELLED, data, changes=changes) is not None
