"""Client sessions: opened, kept alive, closed."""

import uuid
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from sessions.callers import Caller
from sessions.models import ClientSession
from workflows.events import Kind
from workflows.models import Task
from workflows.services.append import append_to_session
from workflows.services.cancel import cancel_quietly

Status = ClientSession.Status


def open_session(caller: Caller) -> ClientSession:
    return ClientSession.objects.create(group=caller.group, owner=caller.user)


def close_session(
    session: ClientSession, *, kind: Kind = Kind.SESSION_CLOSED, reason: str = "closed by the client"
) -> bool:
    """Cancel what runs in it, then end it, so that `session_closed` comes after everything else. False if it had ended.

    No transaction spans the tasks (lock order: tasks before sessions); first the status, so that no new task slips in.
    A close that was cut short is taken up by the next sweep.
    """
    closing = ClientSession.objects.filter(pk=session.pk, status=Status.OPEN).update(status=Status.CLOSING)
    if not closing and not ClientSession.objects.filter(pk=session.pk, status=Status.CLOSING).exists():
        return False
    for task in Task.objects.unfinished().filter(session=session).order_by("pk"):
        cancel_quietly(task, reason="its session was closed")
    ended = Status.EXPIRED if kind is Kind.SESSION_EXPIRED else Status.CLOSED
    return append_to_session(session.pk, kind, {"reason": reason}, status=ended) is not None


def touch_sessions(session_ids: Collection[uuid.UUID]) -> None:
    """Somebody reads these sessions' streams: they are not idle."""
    ClientSession.objects.filter(pk__in=session_ids, status=Status.OPEN).update(last_activity=timezone.now())


def expire_idle_sessions(limit: int = 100) -> int:
    """End sessions in which nothing runs and that nobody has used for `SESSION_IDLE_SECONDS`, and finish closes that
    were cut short. Returns how many."""
    idle_since = timezone.now() - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    busy = Task.objects.unfinished().filter(session__isnull=False).values("session")
    idle = ClientSession.objects.filter(status=Status.OPEN, last_activity__lt=idle_since).exclude(pk__in=busy)
    expired = sum(
        close_session(session, kind=Kind.SESSION_EXPIRED, reason="nobody used it for too long")
        for session in idle.order_by("last_activity")[:limit]
    )
    cut_short = ClientSession.objects.filter(
        status=Status.CLOSING, last_activity__lt=timezone.now() - timedelta(seconds=10)
    )
    return expired + sum(close_session(session) for session in cut_short[:limit])
