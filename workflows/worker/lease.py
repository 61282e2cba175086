"""A worker process's lease: one row, renewed; while it lasts, the tasks that point to it are its own."""

import uuid
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from workflows.measures import MEASURES
from workflows.models import Task, Worker


def take(worker_id: uuid.UUID, hostname: str, pid: int) -> None:
    """Enter this process among the workers. Again changes nothing."""
    Worker.objects.get_or_create(
        pk=worker_id, defaults={"hostname": hostname, "pid": pid, "lease_until": timezone.now() + _length()}
    )


class Held(NamedTuple):
    """What the rows say of a task that a worker holds."""

    token: int
    pausing: bool


def renew(worker_id: uuid.UUID) -> dict[uuid.UUID, Held]:
    """Renew the lease. Returns what the worker holds, by task."""
    Worker.objects.filter(pk=worker_id).update(
        lease_until=timezone.now() + _length(), stopped_at=None, measures=MEASURES.to_json()
    )
    rows = Task.objects.filter(worker_id=worker_id).values_list("pk", "claim_token", "pause_requested_at")
    return {task_id: Held(token, pausing is not None) for task_id, token, pausing in rows}


def give_up(worker_id: uuid.UUID) -> None:
    now = timezone.now()
    Worker.objects.filter(pk=worker_id).update(lease_until=now, stopped_at=now, measures=MEASURES.to_json())


def _length() -> timedelta:
    return timedelta(seconds=settings.WORKER_LEASE_SECONDS)
