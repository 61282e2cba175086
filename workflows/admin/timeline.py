"""A task's events, one page at a time."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Left
from django.http import HttpRequest

from workflows.admin.showing import duration, page_of
from workflows.models import Event, Task

PAGE = 100
PREVIEW_CHARACTERS = 200
PARAMETER = "after"


@dataclass(frozen=True)
class Moment:
    """One event as the timeline shows it."""

    seq: int
    offset: str
    """Since the task was accepted."""
    kind: str
    preview: str
    url: str


@dataclass(frozen=True)
class Timeline:
    """Events after one number, and where the pages around them begin: by number, so that a page costs no more at the
    end of a long task than at its beginning."""

    moments: list[Moment]
    last_seq: int
    previous: int | None
    next: int | None
    last: int | None


def timeline(task: Task, request: HttpRequest) -> Timeline:
    after = _number(request.GET.get(PARAMETER, ""))
    events = list(previews(Event.objects.filter(task=task, seq__gt=after).order_by("seq"))[: PAGE + 1])
    shown = events[:PAGE]
    more = len(events) > PAGE
    return Timeline(
        moments=[_moment(task, event) for event in shown],
        last_seq=task.last_seq,
        previous=_start_of_page_before(task, after) if after else None,
        next=shown[-1].seq if more else None,
        last=_start_of_page_before(task, task.last_seq) if more else None,
    )


def previews(events: QuerySet[Event]) -> QuerySet[Event]:
    """The events with the beginning of their data as text, `preview`, instead of all of it."""
    return events.defer("data").annotate(preview=Left(Cast("data", TextField()), PREVIEW_CHARACTERS))


def _moment(task: Task, event: Any) -> Moment:
    offset = max(event.created_at - task.created_at, timedelta())
    return Moment(event.seq, f"+{duration(offset)}", event.kind, event.preview, page_of(Event, event.pk))


def _start_of_page_before(task: Task, seq: int) -> int:
    """After which number the page starts that ends with this one. Numbers may be missing, so rows are counted."""
    before = Event.objects.filter(task=task, seq__lte=seq).order_by("-seq").values_list("seq", flat=True)
    return before[PAGE : PAGE + 1].first() or 0


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
