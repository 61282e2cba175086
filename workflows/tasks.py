"""Celery's entry points."""

import uuid
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_shutdown, worker_shutting_down

from workflows.services.queue import RUN_TASK
from workflows.worker.runtime import Runtime

_runtime: Runtime | None = None


@worker_init.connect
def start(**_: Any) -> None:
    global _runtime
    _runtime = Runtime()
    _runtime.start()


@worker_shutting_down.connect
def stop(**_: Any) -> None:
    if _runtime:
        _runtime.stop()


@worker_shutdown.connect
def finish(**_: Any) -> None:
    if _runtime:
        _runtime.finish()


@shared_task(name=RUN_TASK)
def run(task_id: str) -> None:
    """Run one task; the message is its id, nothing else."""
    assert _runtime, "this Celery task runs in a worker process"
    _runtime.run(uuid.UUID(task_id))
