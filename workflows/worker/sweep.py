"""Finds what nobody takes care of: tasks of lost workers, tasks whose message was lost, deadlines, questions
that nobody answered, idle sessions, tickets that are over, text to compact, events to prune.

Nothing rests on the broker's redelivery. Every worker process asks once a second; an advisory lock lets one at a time.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from sessions import tickets
from workflows import services
from workflows.models import Status, Task
from workflows.services.queue import enqueue

logger = logging.getLogger(__name__)

LOCK = 0x45564F53
"""The advisory lock's number ("EVOS"), the same in every process."""
BATCH = 200
FIRST_RESEND_SECONDS = 5
MAX_DOUBLINGS = 4
"""Resends after 5, 10, 20, 40, 80, 80 … seconds: a full queue must not fill up with copies."""
OVERDUE_SECONDS = 5
SILENCE_SECONDS = 10
"""Who is paused amidst a round keeps its connection, and with it the lock. After so long without a word from it
PostgreSQL ends the connection, and another process sweeps."""


def sweep() -> None:
    """One round, unless another process is just at it."""
    with advisory_lock() as locked:
        if locked:
            _take_from_lost_workers()
            _send_again()
            _end_overdue()
            services.expire_questions()
            services.expire_idle_sessions()
            services.compact_texts()
            services.prune_events()
            tickets.delete_expired()


@contextmanager
def advisory_lock() -> Iterator[bool]:
    """Held by the connection, not by a transaction: each task below is a transaction of its own (lock order).

    Raises OperationalError for who was silent for too long meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        locked = bool(cursor.fetchone()[0])
        if locked:
            cursor.execute("SELECT set_config('idle_session_timeout', %s, false)", [f"{SILENCE_SECONDS * 1000:.0f}"])
    try:
        yield locked
    finally:
        if locked:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('idle_session_timeout', '0', false), pg_advisory_unlock(%s)", [LOCK])


def _take_from_lost_workers() -> None:
    lost = Task.objects.filter(status=Status.RUNNING).filter(Q(worker=None) | Q(worker__lease_until__lt=timezone.now()))
    for task in lost.only("pk", "claim_token").order_by("pk")[:BATCH]:
        if services.requeue(task.pk, reason="its worker was lost", claim_token=task.claim_token):
            logger.warning("task %s was taken from a lost worker", task.pk)


def _send_again() -> None:
    now = timezone.now()
    due = Q()
    for doublings in range(MAX_DOUBLINGS + 1):
        sends = Q(sends__gte=doublings) if doublings == MAX_DOUBLINGS else Q(sends=doublings)
        due |= sends & Q(sent_at__lt=now - timedelta(seconds=FIRST_RESEND_SECONDS * 2**doublings))
    waiting = Task.objects.filter(due, status=Status.QUEUED)
    for task in waiting.only("pk", "sends").order_by("pk")[:BATCH]:
        Task.objects.filter(pk=task.pk, status=Status.QUEUED).update(sent_at=now, sends=task.sends + 1)
        enqueue(task.pk)


def _end_overdue() -> None:
    late = timezone.now() - timedelta(seconds=OVERDUE_SECONDS)
    for task in Task.objects.overdue(late).defer("secrets")[:BATCH]:
        services.expire_deadline(task)
