"""Sends a task's id to the workers, after commit."""

import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from workflows.models import Status, Task

logger = logging.getLogger(__name__)

RUN_TASK = "workflows.run"
"""The Celery task's name; by name, so that services do not import the code that runs tasks."""

# A broker that does not answer must not hold up the request whose rows are already safe.
_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="enqueue")


def queued_anew() -> dict[str, Any]:
    """The columns of a task that waits for a worker once more, beside its status."""
    return {"current_state": "Waiting for a worker", "sent_at": timezone.now(), "sends": 0}


def enqueue(task_id: uuid.UUID) -> None:
    """Send once the transaction is committed. A message that is lost is sent again by a worker's sweep."""
    transaction.on_commit(lambda: _sender.submit(_send, task_id))


def enqueue_next(thread_id: uuid.UUID) -> None:
    """A run of a thread has ended: send the one that waited for it, if there is one. If that message is lost, the sweep
    must not take it for one that was sent many times already."""

    def send_next() -> None:
        following = Task.objects.unfinished_in(thread_id).only("pk").first()
        if following is None:
            return
        waiting = Task.objects.filter(pk=following.pk, status=Status.QUEUED)
        if waiting.update(sent_at=timezone.now(), sends=0):
            enqueue(following.pk)

    transaction.on_commit(send_next)


def _send(task_id: uuid.UUID) -> None:
    try:
        current_app.send_task(RUN_TASK, args=[str(task_id)], retry=False)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("task %s could not be sent (%s); a worker will find it", task_id, type(error).__name__)
