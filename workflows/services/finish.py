"""How a task ends by itself."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from workflows.events import Kind
from workflows.exceptions import TaskError, TimedOut
from workflows.models import Job, Task
from workflows.services.append import Write, append
from workflows.services.standing import iterations
from workflows.services.summaries import keep_summary


@transaction.atomic
def complete(task: Task, result: Mapping[str, Any], write: Write) -> bool:
    """The task is done. Its closing event carries the result and what it took. Raises StaleClaim."""
    data = {"result": dict(result), **_taken(task)}
    changes = {"result": dict(result), "progress": 100, "current_state": "Completed"}
    is_complete = append(task.pk, Kind.TASK_COMPLETED, data, write=write, changes=changes) is not None
    if is_complete and task.job == Job.SUMMARY:
        keep_summary(task, result)
    return is_complete


@transaction.atomic
def fail(task: Task, error: TaskError, write: Write | None = None, *, claim_token: int | None = None) -> bool:
    """The task ends without a result; only under that claim token, where one is given. Raises StaleClaim where `write`
    is of a claim that is over."""
    told = {"type": error.type, "message": error.detail, "status": error.status}
    changes = {"error": told, "current_state": "Failed"}
    # Held until the end is written, so that its progress is the last one told: who lets a deadline pass is not always
    # the worker that tells it.
    held = Task.objects.select_for_update(no_key=True).only("progress", "job").get(pk=task.pk)
    data = {"error": told, "progress": held.progress, **iterations(held), **_taken(task)}
    return append(task.pk, Kind.TASK_FAILED, data, write=write, claim_token=claim_token, changes=changes) is not None


def expire_deadline(task: Task) -> bool:
    """Fail the task if its time is over. The time runs from acceptance, so it also passes in the queue, but not while
    the task is paused or waits for people."""
    if not task.is_timed or timezone.now() < task.deadline:
        return False
    return fail(task, timed_out(task), claim_token=task.claim_token)


def timed_out(task: Task) -> TimedOut:
    return TimedOut(
        f"The task did not finish within its timeout of {task.timeout_seconds:g} seconds. "
        "Ask again with a larger `timeout` (3600 at most)."
    )


def _taken(task: Task) -> dict[str, Any]:
    """The totals for a closing event. Only the claim's own writes change them, so they are final when it reads them."""
    row = Task.objects.values("prompt_tokens", "completion_tokens", "cost_usd", "model_calls", "unpriced_calls").get(
        pk=task.pk
    )
    return {
        "usage": {
            "prompt_tokens": row["prompt_tokens"],
            "completion_tokens": row["completion_tokens"],
            "total_tokens": row["prompt_tokens"] + row["completion_tokens"],
        },
        "cost_usd": float(row["cost_usd"]),
        "model_calls": row["model_calls"],
        "unpriced_calls": row["unpriced_calls"],
    }
