"""Rows for tests, made the way the product makes them."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from sessions.callers import Caller
from sessions.models import ClientSession
from workflows import services
from workflows.events import Kind
from workflows.models import Event, Job, Task, Worker
from workflows.services import Claim, Write

LAST = 2**40


def make_task(
    caller: Caller, goal: str = "Count the stars", *, session: ClientSession | None = None, **fields: Any
) -> Task:
    """A queued task. No worker of the test stack sees it sooner than its message, so claim it at once if it matters."""
    submission = services.Submission(
        job=Job.GENERATE,
        goal=goal,
        params={"llm_config": {"model": "demo"}},
        timeout_seconds=fields.pop("timeout_seconds", 60),
        session=session,
        **fields,
    )
    return services.submit(caller, submission)


def make_worker(lease_seconds: float = 60) -> Worker:
    lease_until = timezone.now() + timedelta(seconds=lease_seconds)
    return Worker.objects.create(hostname="tests", pid=1, lease_until=lease_until)


def make_running(caller: Caller, worker: Worker, **fields: Any) -> tuple[Task, Claim]:
    """A task that this worker has claimed."""
    task = make_task(caller, **fields)
    claimed = services.claim(task.pk, worker.pk)
    assert claimed, Task.objects.values("status", "claim_token", "worker").get(pk=task.pk)
    return claimed


def tell(claim: Claim, number: int, **data: Any) -> services.Appended | None:
    """One plain event under a claim."""
    return services.append(claim.task_id, Kind.MODEL_STARTED, data, write=Write(claim, number))


def kinds_of(task_id: uuid.UUID) -> list[str]:
    return list(Event.objects.filter(task_id=task_id).order_by("seq").values_list("kind", flat=True))
