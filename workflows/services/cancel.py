"""Ending a task from outside. The canceller's transaction is the end; the worker learns of it afterwards."""

from workflows.events import Kind
from workflows.exceptions import Conflict
from workflows.models import Task
from workflows.services.append import append


def cancel(task: Task, *, reason: str) -> None:
    """Cancel the task. Raises Conflict if it has ended already."""
    if not cancel_quietly(task, reason=reason):
        task.refresh_from_db(fields=["status"])
        raise Conflict(f"Task {task.pk} has already ended: it is {task.status}.")


def cancel_quietly(task: Task, *, reason: str) -> bool:
    """Cancel the task if it has not ended. False if it had."""
    changes = {"current_state": "Cancelled", "error": {"type": "cancelled", "message": reason, "status": 409}}
    return append(task.pk, Kind.TASK_CANCELLED, {"reason": reason}, changes=changes) is not None
