"""The events of a task as pages of JSON, oldest first, with the ids of its stream."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from workflows.dialects.agentarea.frames import TaskFramer
from workflows.dialects.agentarea.states import current_turn
from workflows.dialects.agentarea.telling import NAMES, payload_of, sentence_of
from workflows.models import Event, EventRow, Thread
from workflows.models.stream import timestamp


def event_page(thread: Thread, page: int, page_size: int, types: Sequence[str]) -> dict[str, Any]:
    """The page, and how many events there are. `types`: globs over the names; none for all.

    As on the stream, a turn that waits shows nothing, even if it was cancelled meanwhile: what the turn before it tells
    yet would push its events on to the next page, under a reader who turns pages.
    """
    wanted = [kind for kind, name in NAMES.items() if not types or any(fnmatchcase(name, glob) for glob in types)]
    events = Event.objects.filter(task__thread=thread, task__run_no__lte=current_turn(thread).run_no, kind__in=wanted)
    events = events.order_by("task__run_no", "seq")
    total = events.count()
    start = (page - 1) * page_size
    rows = events.values_list("task_id", "task__run_no", "seq", "kind", "data", "created_at")
    return {
        "events": [
            _event(thread, EventRow(task, seq, None, None, kind, data, at, thread.pk, run))
            for task, run, seq, kind, data, at in rows[start : start + page_size]
        ],
        "total": total,
        "page": page,
        "page_size": page_size,
        "has_next": start + page_size < total,
    }


def _event(thread: Thread, event: EventRow) -> dict[str, Any]:
    assert thread.agent_id
    said = payload_of(event)
    assert said, "only kinds that are shown were asked for"
    name, payload = said
    return {
        "id": thread.stream.written(event.number_in(thread.stream)),
        **TaskFramer(thread.agent_id, thread.pk).ids(event.task_id),
        "timestamp": timestamp(event.at),
        "event_type": name,
        "message": sentence_of(name, payload),
        "metadata": payload,
    }
