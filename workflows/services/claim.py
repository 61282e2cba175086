"""Taking a task, and giving it back."""

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from workflows.events import Kind
from workflows.measures import MEASURES
from workflows.models import Event, Status, Task
from workflows.services.append import Claim, append
from workflows.services.finish import expire_deadline
from workflows.services.queue import enqueue


def claim(task_id: uuid.UUID, worker_id: uuid.UUID) -> tuple[Task, Claim] | None:
    """Take a queued task for a worker, or return None: it is gone, taken, ended, or past its deadline (then it fails).

    One conditional UPDATE decides between workers that try at once.
    """
    task = Task.objects.filter(pk=task_id, status=Status.QUEUED).first()
    if task is None or expire_deadline(task):
        return None
    appended = append(
        task_id,
        Kind.TASK_STARTED,
        {"attempt": task.claims + 1, **_standing(task_id)},
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
    """Take a task back from a worker that is lost or stops, and send it again. False if that claim was over already."""
    with transaction.atomic():
        # Locked, or a worker that is slow rather than lost could move on between the reading and the event.
        list(Task.objects.select_for_update(no_key=True).filter(pk=task_id).values("pk"))
        appended = append(
            task_id,
            Kind.TASK_REQUEUED,
            {"reason": reason, **_standing(task_id)},
            claim_token=claim_token,
            changes={"current_state": "Waiting for a worker", "sent_at": timezone.now(), "sends": 0},
        )
        if appended:
            enqueue(task_id)
    return appended is not None


def _standing(task_id: uuid.UUID) -> dict[str, Any]:
    """How far the task had come, so that a reader of its events sees it neither fall nor start anew."""
    told = Event.objects.filter(task_id=task_id, kind=Kind.TASK_PROGRESS).order_by("-seq")
    last = told.values_list("data", flat=True).first() or {"progress": 0}
    return {name: last[name] for name in ("progress", "step", "total_steps") if name in last}
