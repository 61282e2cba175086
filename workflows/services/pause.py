"""Pausing a task, and going on with it.

A task that is queued, or waits for people, pauses at once. A running one is asked to: what its worker has under way
ends and is settled, nothing new begins, and then the worker pauses it. The time that a task is paused does not count
against its timeout.
"""

import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from workflows.events import Kind
from workflows.exceptions import Conflict
from workflows.models import Event, Status, Task
from workflows.services.append import append
from workflows.services.queue import enqueue, queued_anew
from workflows.services.standing import standing

PAUSED = "Paused"


@transaction.atomic
def pause(task: Task, *, reason: str) -> Task:
    """Pause the task, or have its worker do so; the task as it is then. Raises Conflict if that cannot be."""
    now = timezone.now()
    held = _locked(task)
    if held.has_ended:
        raise Conflict(f"Task {held.pk} has already ended: it is {held.status}.")
    if held.status == Status.PAUSED or held.pause_requested_at:
        raise Conflict(f"Task {held.pk} is already paused. Resume it to go on.")
    if held.status in (Status.QUEUED, Status.WAITING):
        waited = now - held.waiting_since if held.waiting_since else timedelta()
        append(
            held.pk,
            Kind.TASK_PAUSED,
            {"reason": reason, **standing(held.pk)},
            changes={"paused_at": now, "deadline": held.deadline + waited, "current_state": PAUSED},
        )
    else:
        append(
            held.pk,
            Kind.TASK_PAUSING,
            {"reason": reason, **standing(held.pk)},
            changes={"pause_requested_at": now, "current_state": "Pausing after what is under way"},
        )
    return _locked(task)


def settle_pause(task_id: uuid.UUID, *, claim_token: int) -> bool:
    """The task's worker has stopped, or was lost: the task that was asked to pause is paused. False if that claim was
    over."""
    changes = {"paused_at": timezone.now(), "current_state": PAUSED}
    asked = Event.objects.filter(task=task_id, kind=Kind.TASK_PAUSING).order_by("-seq")
    reasons = [data["reason"] for data in asked.values_list("data", flat=True)[:1]]
    data = {**({"reason": reasons[0]} if reasons else {}), **standing(task_id)}
    return append(task_id, Kind.TASK_PAUSED, data, claim_token=claim_token, changes=changes) is not None


@transaction.atomic
def resume(task: Task) -> Task:
    """Go on with a paused task; the task as it is then. Raises Conflict if it is not paused."""
    held = _locked(task)
    if held.has_ended:
        raise Conflict(f"Task {held.pk} has already ended: it is {held.status}. Run it again instead.")
    now = timezone.now()
    if held.paused_at:
        append(
            held.pk,
            Kind.TASK_RESUMED,
            standing(held.pk),
            changes={
                "deadline": held.deadline + (now - held.paused_at),
                **queued_anew(),
            },
        )
        enqueue(held.pk)
    elif held.pause_requested_at:
        # Its worker had not paused it yet, and now will not, or will find that it may go on.
        changes = {"pause_requested_at": None, "current_state": "Going on"}
        append(held.pk, Kind.TASK_PAUSE_WITHDRAWN, standing(held.pk), changes=changes)
    else:
        raise Conflict(f"Task {held.pk} is not paused: it is {held.status}.")
    return _locked(task)


def _locked(task: Task) -> Task:
    return Task.objects.select_for_update(no_key=True).defer("secrets").get(pk=task.pk)
