"""Reads the event log."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from sessions.models import ClientSession
from workflows.events import SESSION_ENDINGS, TASK_ENDINGS
from workflows.models import EventRow, StreamKey, Task
from workflows.models.stream import RUN_BITS, place_in_thread, run_of, seq_of

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
# What can be read of a thread is what its first unfinished run has told, or else its last run.
_LAST_IDS = f"""
SELECT 'task', id, last_seq FROM workflows_task WHERE id = ANY(%s)
UNION ALL
SELECT 'session', id, last_seq FROM client_sessions_clientsession WHERE id = ANY(%s)
UNION ALL
SELECT 'thread', thread.id, coalesce(
    (SELECT (run_no::bigint << {RUN_BITS}) + last_seq FROM workflows_task
        WHERE thread_id = thread.id AND ended_at IS NULL ORDER BY run_no LIMIT 1),
    (SELECT (run_no::bigint << {RUN_BITS}) + last_seq FROM workflows_task
        WHERE thread_id = thread.id AND run_no = thread.last_run),
    0)
FROM workflows_thread AS thread WHERE id = ANY(%s)
"""  # noqa: S608


class Page(NamedTuple):
    """Rows of a stream, in order, and whether nothing follows the last one."""

    rows: list[EventRow]
    ends: bool = False


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
    start: int = 0
    """After which id a reader begins who names none."""


def read_page(key: StreamKey, after: int, limit: int = PAGE) -> Page:
    """The rows that follow an id."""
    if key.kind == "thread":
        return _read_thread(key.id, after, limit)
    rows = read_events(key, after, limit)
    return Page(rows, bool(rows) and closes(key, rows[-1]))


def read_events(key: StreamKey, after: int, limit: int = PAGE) -> list[EventRow]:
    """The rows that follow an id, in order."""
    if key.kind == "thread":
        return _read_thread(key.id, after, limit).rows
    with connection.cursor() as cursor:
        cursor.execute(_READ[key.kind], [key.id, after, limit])
        return [EventRow(*row) for row in cursor.fetchall()]


def _read_thread(thread_id: uuid.UUID, after: int, limit: int) -> Page:
    """Run after run: of one that waits for an earlier one nothing is shown before that one has ended."""
    first_run, seq = run_of(after), seq_of(after)
    runs = Task.objects.filter(thread=thread_id, run_no__gte=first_run).order_by("run_no")
    found: list[EventRow] = []
    for task_id, run_no, ended_at in runs.values_list("pk", "run_no", "ended_at")[: limit + 1]:
        rows = read_events(StreamKey("task", task_id), seq if run_no == first_run else 0, limit - len(found))
        found += [replace(row, thread_id=thread_id, run_no=run_no) for row in rows]
        has_ended = rows[-1].kind in TASK_ENDINGS if rows else ended_at is not None
        if not has_ended or len(found) == limit:
            break
    at_an_end = bool(found) and found[-1].kind in TASK_ENDINGS
    return Page(found, ends=at_an_end and not runs.filter(run_no__gt=found[-1].run_no).exists())


def first_id(key: StreamKey) -> int:
    """The first id that can still be served; 1 for a stream without rows. Of a thread: of its current run."""
    if key.kind == "thread":
        run = _current_run(key.id)
        return place_in_thread(run.run_no or 0, first_id(run.stream)) if run else 1
    with connection.cursor() as cursor:
        cursor.execute(_FIRST[key.kind], [key.id])
        return cursor.fetchone()[0] or 1


def last_ids(keys: Collection[StreamKey]) -> dict[StreamKey, int]:
    """The last ids of many streams, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LAST_IDS, [[key.id for key in keys if key.kind == kind] for kind in ("task", "session", "thread")]
        )
        return {StreamKey(kind, id): last for kind, id, last in cursor.fetchall()}


def read_state(key: StreamKey) -> StreamState:
    return {"task": _task_state, "session": _session_state, "thread": _thread_state}[key.kind](key.id)


def serves(key: StreamKey, id: int, state: StreamState) -> bool:
    """Whether a reader may go on after this id: the stream has told it, and all that follows is still there."""
    if key.kind == "thread":
        return _serves_thread(key.id, id)
    return state.pruned_id <= id <= state.last_id


def _serves_thread(thread_id: uuid.UUID, id: int) -> bool:
    runs = Task.objects.filter(thread=thread_id)
    if runs.filter(run_no__gt=run_of(id), pruned_seq__gt=0).exists():
        return False
    return id == 0 or runs.filter(run_no=run_of(id), pruned_seq__lte=seq_of(id), last_seq__gte=seq_of(id)).exists()


def _current_run(thread_id: uuid.UUID) -> Task | None:
    """The one that runs or is next, or else the last one."""
    runs = Task.objects.filter(thread=thread_id).defer("secrets", "params")
    return runs.filter(ended_at=None).order_by("run_no").first() or runs.order_by("-run_no").first()


def _thread_state(id: uuid.UUID) -> StreamState:
    run = _current_run(id)
    if run is None or run.run_no is None:
        return StreamState(0, False, 0, {"thread_id": str(id), "run": 0})
    state = _task_state(run.pk)
    start = place_in_thread(run.run_no, 0)
    return StreamState(
        last_id=start + state.last_id,
        closed=state.closed,
        pruned_id=start + state.pruned_id if state.pruned_id else 0,
        snapshot={"thread_id": str(id), "run": run.run_no, **state.snapshot},
        deadline=state.deadline,
        start=start,
    )


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
    deadline = task.deadline if task.is_timed else None
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
    """Nothing follows this event on that stream. Of a thread only `read_page` can say: it may have a next run."""
    return event.kind in {"task": TASK_ENDINGS, "session": SESSION_ENDINGS, "thread": frozenset()}[key.kind]
