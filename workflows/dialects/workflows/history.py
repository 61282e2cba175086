"""The events of a workflow's runs as JSON: what its stream tells, for where streams are blocked."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from workflows.dialects.workflows.frames import SHOWN, WorkflowFramer
from workflows.exceptions import Invalid
from workflows.models import Event, EventRow, Task, Workflow
from workflows.models.stream import run_of, seq_of

HIDDEN: Final = 101
"""At most so many rows of a run make no frame: its progress in percent, which the frames of its tasks carry."""


def event_page(workflow: Workflow, after: str | None, limit: int) -> dict[str, Any]:
    """The events that follow an id; without one, those of the latest run. Raises Invalid for what is no id."""
    key = workflow.thread.stream
    place = 0 if after == "0" else key.read(after) if after else key.read(f"{workflow.thread.last_run}-0")
    if place is None:
        msg = "Must be the id of an event, like 1-5: its run and its number. `0` begins with the first run."
        raise Invalid.at("query", "after", msg=msg)
    framer = WorkflowFramer(workflow.pk, workflow.thread_id)
    framed = ((row, frame) for row in _rows(workflow, place, limit) if (frame := framer.frame(row)))
    found = [{"id": key.written(row.number_in(key)), **frame.data} for row, frame in islice(framed, limit + 1)]
    page = found[:limit]
    last = page[-1]["id"] if page else key.written(place)
    return {"events": page, "last_event_id": last, "has_next": len(found) > limit}


def _rows(workflow: Workflow, place: int, limit: int) -> Iterator[EventRow]:
    """Rows of the kinds that are shown, run after run, enough of them for a page."""
    runs = Task.objects.filter(thread=workflow.thread_id, run_no__gte=run_of(place)).order_by("run_no")
    for task_id, run_no in runs.values_list("pk", "run_no"):
        seq = seq_of(place) if run_no == run_of(place) else 0
        events = Event.objects.filter(task=task_id, seq__gt=seq, kind__in=SHOWN).order_by("seq")
        rows = events.values_list("seq", "kind", "data", "created_at")[: limit + 1 + HIDDEN]
        for number, kind, data, at in rows:
            yield EventRow(task_id, number, None, None, kind, data, at, workflow.thread_id, run_no)
