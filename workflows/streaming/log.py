"""Reads the event log."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from sessions.models import ClientSession
from workflows.events import SESSION_ENDINGS, TASK_ENDINGS
from workflows.models import EventRow, StreamKey, Task

PAGE = 100
"""Rows read at once. With at most 64 KB each, a page of a replay stays small."""

_COLUMNS = "task_id, seq, session_id, session_seq, kind, data, created_at"
_READ = {
    "task": f"SELECT {_COLUMNS} FROM workflows_event WHERE task_id = %s AND seq > %s ORDER BY seq LIMIT %s",  # noqa: S608
    "session": f"SELECT {_COLUMNS} FROM workflows_event"  # noqa: S608
    " WHERE session_id = %s AND session_seq > %s ORDER BY session_seq LIMIT %s",
}
_FIRST = {
    "task": "SELECT min(seq) FROM workflows_event WHERE task_id = %s",
    "session": "SELECT min(session_seq) FROM workflows_event WHERE session_id = %s",
}
_LAST_IDS = """
SELECT 'task', id, last_seq FROM workflows_task WHERE id = ANY(%s)
UNION ALL
SELECT 'session', id, last_seq FROM client_sessions_clientsession WHERE id = ANY(%s)
"""


@dataclass(frozen=True)
class StreamState:
    """Where a stream stands: its last id, whether that id closed it, and a summary for readers who lost their place."""

    last_id: int
    closed: bool
    pruned_id: int
    """Rows up to here may be gone, so that no earlier id can be served."""
    snapshot: dict[str, Any]
    deadline: datetime | None = None
    """When the work must be over; None where nothing is running."""


def read_events(key: StreamKey, after: int, limit: int = PAGE) -> list[EventRow]:
    """The rows that follow an id, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_READ[key.kind], [key.id, after, limit])
        return [EventRow(*row) for row in cursor.fetchall()]


def first_id(key: StreamKey) -> int:
    """The first id that can still be served; 1 for a stream without rows."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST[key.kind], [key.id])
        return cursor.fetchone()[0] or 1


def last_ids(keys: Collection[StreamKey]) -> dict[StreamKey, int]:
    """The last ids of many streams, in one query."""
    tasks = [key.id for key in keys if key.kind == "task"]
    sessions = [key.id for key in keys if key.kind == "session"]
    with connection.cursor() as cursor:
        cursor.execute(_LAST_IDS, [tasks, sessions])
        return {StreamKey(kind, id): last for kind, id, last in cursor.fetchall()}


def read_state(key: StreamKey) -> StreamState:
    return _task_state(key.id) if key.kind == "task" else _session_state(key.id)


def _task_state(id: uuid.UUID) -> StreamState:
    task = Task.objects.defer("secrets", "params").get(pk=id)
    snapshot = {
        "task_id": str(task.pk),
        "status": task.status,
        "progress": task.progress,
        "current_state": task.current_state,
        "result": task.result,
        "error": task.error,
    }
    deadline = None if task.has_ended else task.deadline
    return StreamState(task.last_seq, task.has_ended, task.pruned_seq, snapshot, deadline)


def _session_state(id: uuid.UUID) -> StreamState:
    session = ClientSession.objects.get(pk=id)
    tasks = Task.objects.unfinished().filter(session=session).order_by("created_at")[:1000]
    snapshot = {
        "client_id": str(session.pk),
        "status": session.status,
        "active_tasks": [
            {"task_id": str(task.pk), "progress": task.progress, "current_state": task.current_state}
            for task in tasks.only("pk", "progress", "current_state")
        ],
    }
    return StreamState(session.last_seq, session.closed_at is not None, session.pruned_seq, snapshot)


def closes(key: StreamKey, event: EventRow) -> bool:
    """Nothing follows this event on that stream."""
    return event.kind in (TASK_ENDINGS if key.kind == "task" else SESSION_ENDINGS)
