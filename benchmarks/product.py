"""The product, set up for use in this process: import from here before anything of `workflows`."""

import os
import socket
import time
import uuid
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evoserver.settings")
django.setup()

# Django must be set up before these can be imported.
from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from sessions.authentication import LOCAL_NAME  # noqa: E402
from sessions.callers import Caller  # noqa: E402
from workflows import services  # noqa: E402
from workflows.models import Job, Worker  # noqa: E402

TASK_SECONDS = 3600.0
WORKER_READY_SECONDS = 30.0


def prepare_database() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("prepare_local")


def make_claims(count: int) -> list[services.Claim]:
    """So many running tasks of the local user, claimed by a worker that does nothing and is never lost."""
    worker = Worker.objects.create(
        hostname="benchmarks", pid=os.getpid(), lease_until=timezone.now() + timedelta(seconds=TASK_SECONDS)
    )
    user, group = User.objects.get(username=LOCAL_NAME), Group.objects.get(name=LOCAL_NAME)
    caller = Caller(user=user, group=group, via="local")
    return [_make_claim(caller, worker.pk) for _ in range(count)]


def stream_of(claim: services.Claim) -> str:
    """The path of its task's stream."""
    return f"/api/v1/tasks/{claim.task_id}/events/stream"


def _make_claim(caller: Caller, worker_id: uuid.UUID) -> services.Claim:
    submission = services.Submission(job=Job.GENERATE, goal="Be measured", timeout_seconds=TASK_SECONDS)
    claimed = services.claim(services.submit(caller, submission).pk, worker_id)
    assert claimed, "no worker process runs that could have been faster"
    return claimed[1]


def database_port() -> int:
    return int(connection.settings_dict["PORT"])


def wait_for_worker(pid: int) -> None:
    """Return when that worker process has its lease. Raises TimeoutError."""
    deadline = time.monotonic() + WORKER_READY_SECONDS
    while not Worker.objects.filter(pid=pid, hostname=socket.gethostname()).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the worker was not ready within {WORKER_READY_SECONDS:g} s")
        time.sleep(0.05)
