"""How a task of this dialect stands: as its current turn does, or else its last one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from workflows.models import Status, Task, Thread

SUBMITTED: Final = "submitted"
PENDING: Final = "pending"
WAITING: Final = "waiting_for_approval"

MEANING: Final[Mapping[str, Q]] = {
    SUBMITTED: Q(status=Status.QUEUED, started_at=None),
    PENDING: Q(status=Status.QUEUED, started_at__isnull=False),
    "running": Q(status=Status.RUNNING),
    "working": Q(status=Status.RUNNING),
    "paused": Q(status=Status.PAUSED),
    WAITING: Q(status=Status.WAITING),
    "completed": Q(status=Status.COMPLETED),
    "failed": Q(status=Status.FAILED),
    "cancelled": Q(status=Status.CANCELLED),
}
"""The statuses that a list may be asked for, as those of turns."""

LARGE: Final = ("secrets", "params")


def status_of(turn: Task) -> str:
    if turn.status == Status.QUEUED:
        return PENDING if turn.started_at else SUBMITTED
    return WAITING if turn.status == Status.WAITING else str(turn.status)


def current_turn(thread: Thread) -> Task:
    """The one that is under way or next, or else the last one."""
    turns = Task.objects.filter(thread=thread).defer(*LARGE)
    current = turns.filter(ended_at=None).order_by("run_no").first() or turns.order_by("-run_no").first()
    assert current, "a conversation begins with a turn"
    return current


def with_status(threads: QuerySet[Thread], word: str | None) -> QuerySet[Thread]:
    """The threads whose current turn has that status, each with the id of that turn."""
    turns = Task.objects.filter(thread=OuterRef("pk"))
    unfinished = turns.filter(ended_at=None).order_by("run_no")
    current = Coalesce(Subquery(unfinished.values("pk")[:1]), Subquery(turns.order_by("-run_no").values("pk")[:1]))
    found = threads.annotate(current=current)
    return found.filter(Exists(Task.objects.filter(MEANING[word], pk=OuterRef("current")))) if word else found


def first_asked(threads: Sequence[Thread]) -> dict[Any, dict[str, Any]]:
    """What each conversation began with, by thread: `goal` and `params__parameters`."""
    first = Task.objects.filter(thread__in=threads, run_no=1)
    return {row["thread_id"]: dict(row) for row in first.values("thread_id", "goal", "params__parameters")}
