"""The same again, as a new task."""

from collections.abc import Mapping

from django.db import transaction

from sessions.callers import Caller
from workflows.exceptions import Conflict
from workflows.models import Job, Status, Step, Task
from workflows.services.submit import Submission, submit


@transaction.atomic
def rerun(caller: Caller, task: Task, *, secrets: Mapping[str, str] | None = None) -> Task:
    """Run an ended task again. A failed or cancelled one goes on from its ledger: what is settled is not paid twice.

    A completed one starts from nothing, since its ledger could only give the same answer.
    Raises Conflict if it has not ended, or if it ran with a key of the caller's, which is gone, and none is given.
    """
    if not task.has_ended:
        raise Conflict(f"Task {task.pk} is still {task.status}. Cancel it first, or wait for its end.")
    if task.had_secrets and not secrets:
        raise Conflict(
            "This task ran with a model key of yours, which was wiped when it ended. "
            'Send it again: {"llm_config": {"openai_key": "…"}}.'
        )
    again = submit(
        caller,
        Submission(
            job=Job(task.job),
            goal=task.goal,
            params=task.params,
            secrets=secrets or {},
            timeout_seconds=task.timeout_seconds,
            rerun_of=task,
        ),
    )
    if task.status != Status.COMPLETED:
        _copy_ledger(task, again)
    return again


def _copy_ledger(source: Task, target: Task) -> None:
    steps = source.steps.all()
    for step in steps:
        step.pk = None
        step.task = target
    Step.objects.bulk_create(steps)
