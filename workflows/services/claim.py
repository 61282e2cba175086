"""Taking a task, and giving it back."""

import uuid

from django.db import transaction
from django.utils import timezone

from workflows.events import Kind
from workflows.measures import MEASURES
from workflows.models import Status, Task
from workflows.services.append import Claim, append
from workflows.services.finish import expire_deadline
from workflows.services.pause import settle_pause
from workflows.services.queue import enqueue, queued_anew
from workflows.services.standing import standing


def claim(task_id: uuid.UUID, worker_id: uuid.UUID) -> tuple[Task, Claim] | None:
    """Take a queued task for a worker, or return None: it is gone, taken, ended, past its deadline (then it fails), or
    its thread has earlier runs that have not ended (it is sent again when they have).

    One conditional UPDATE decides between workers that try at once.
    """
    task = Task.objects.filter(pk=task_id, status=Status.QUEUED).select_related("workflow_version").first()
    if task is None or expire_deadline(task) or _has_to_wait(task):
        return None
    appended = append(
        task_id,
        Kind.TASK_STARTED,
        {"attempt": task.claims + 1, **standing(task_id)},
        claim_token=task.claim_token,
        changes={
            "worker_id": worker_id,
            "claims": task.claims + 1,
            "write_no": 0,
            "text_no": 0,
            "started_at": task.started_at or timezone.now(),
            "current_state": "Started",
        },
    )
    if appended is None:
        return None
    if task.started_at is None:
        MEASURES.queue_wait.observe((timezone.now() - task.created_at).total_seconds())
    return task, Claim(task_id, worker_id, appended.claim_token)


def requeue(task_id: uuid.UUID, *, reason: str, claim_token: int) -> bool:
    """Take a task back from a worker that is lost or stops, and send it again. False if that claim was over already.

    One that was asked to pause is paused by this.
    """
    with transaction.atomic():
        # Locked, or a worker that is slow rather than lost could move on between the reading and the event.
        task = Task.objects.select_for_update(no_key=True).only("pause_requested_at").get(pk=task_id)
        if task.pause_requested_at:
            return settle_pause(task_id, claim_token=claim_token)
        appended = append(
            task_id,
            Kind.TASK_REQUEUED,
            {"reason": reason, **standing(task_id)},
            claim_token=claim_token,
            changes=queued_anew(),
        )
        if appended:
            enqueue(task_id)
    return appended is not None


def _has_to_wait(task: Task) -> bool:
    """What has ended stays so and runs are only added behind, so that this cannot become true again."""
    return (
        task.thread_id is not None
        and Task.objects.unfinished_in(task.thread_id).filter(run_no__lt=task.run_no).exists()
    )
