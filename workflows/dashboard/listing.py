"""What the list of tasks shows: one page of them, and beside it the group's numbers, workers and sessions."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from sessions.callers import Caller
from sessions.models import ClientSession
from workflows.dashboard.forms import UNFINISHED, FilterForm
from workflows.engine.llm.settings import DEMO
from workflows.events import Kind
from workflows.exceptions import Invalid
from workflows.models import Event, Job, Status, Step, Task, Worker
from workflows.models.task import UNFINISHED as UNFINISHED_STATUSES
from workflows.models.task import TaskQuerySet

PAGE = 25
RECENT = timedelta(hours=24)
MOST_WORKERS = MOST_SESSIONS = 8
FORGET_WORKERS = timedelta(minutes=10)
"""A worker that ended without a word is shown as lost for this long."""

JOBS = {
    Job.GENERATE: "Generate",
    Job.EXECUTE: "Execute",
    Job.RUN: "Generate and execute",
    Job.AGENT: "Agent",
    Job.ASK: "Ask a team",
    Job.COMMAND: "Turn",
    Job.SUMMARY: "Sum up",
}
"""What a task does, in a word or three."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """One page of the caller's tasks, newest first: filtered, and from before a task on (by key: a page costs the same
    at any depth)."""

    caller: Caller
    status: str = ""
    text: str = ""
    before: tuple[datetime, uuid.UUID] | None = None

    @classmethod
    def of(cls, request: HttpRequest, caller: Caller) -> Self:
        """Raises Invalid for a query that no page made."""
        form = FilterForm(request.GET)
        if not form.is_valid():
            name, problems = next(iter(form.errors.items()))
            raise Invalid.at("query", name, msg=str(problems[0]))
        asked = form.cleaned_data
        return cls(caller, asked["status"], asked["q"], _place_of(caller, asked["before"]))

    def tasks(self) -> list[Task]:
        """One more than a page holds, if there are more."""
        tasks = self._from_here(Task.objects.visible_to(self.caller))
        if self.status == UNFINISHED:
            tasks = tasks.unfinished()
        elif self.status:
            tasks = tasks.filter(status=self.status)
        if self.text:
            tasks = tasks.with_words(self.text)
        return list(with_provider(tasks).defer("secrets", "result").order_by("-created_at", "-id")[: PAGE + 1])

    def _from_here(self, tasks: TaskQuerySet) -> TaskQuerySet:
        if self.before is None:
            return tasks
        moment, id = self.before
        older = Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=id)
        # Said twice for the index, which cannot use the "or".
        return tasks.filter(older, created_at__lte=moment)


def _place_of(caller: Caller, id: uuid.UUID | None) -> tuple[datetime, uuid.UUID] | None:
    if id is None:
        return None
    moment = Task.objects.visible_to(caller).filter(pk=id).values_list("created_at", flat=True).first()
    if moment is None:
        raise Invalid.at("query", "before", msg="There is no such task. Go back to the newest ones.")
    return moment, id


def with_provider(tasks: "QuerySet[Task]") -> "QuerySet[Task]":
    """The tasks with `provider`, whose model answered or, until one has, was asked.

    Of the answers the ledger tells, which lasts; of a question only its event does, which may be pruned.
    """
    replies = Step.objects.filter(task=OuterRef("pk"), kind="model").annotate(name=KT("output__provider"))
    calls = Event.objects.filter(task=OuterRef("pk"), kind=Kind.MODEL_STARTED).annotate(name=KT("data__provider"))
    answered = Subquery(replies.filter(name__isnull=False).order_by("pk").values("name")[:1])
    asked = Subquery(calls.order_by("seq").values("name")[:1])
    return tasks.annotate(provider=Coalesce(answered, asked))


def task_row(task: Task) -> Row:
    """A task as pages show it, in words; `task` is one of `with_provider`."""
    return {
        "id": str(task.pk),
        "url": reverse("dashboard:task", args=[task.pk]),
        "goal": " ".join(task.goal.split())[:200],
        "status": task.status,
        "job": JOBS[Job(task.job)],
        "progress": task.progress,
        "state": _state(task),
        "pausing": bool(task.pause_requested_at) and not task.has_ended,
        "cost": dollars(float(task.cost_usd)),
        "created": iso(task.created_at),
        "demo": getattr(task, "provider", None) == DEMO,
    }


def _state(task: Task) -> str:
    """What there is to say beyond the status."""
    if task.error and task.status == Status.FAILED:
        return str(task.error["message"])[:300]
    return "" if task.has_ended else task.current_state


def overview(caller: Caller) -> Row:
    """The group's last 24 hours, its open sessions, and the workers that serve all groups."""
    now = timezone.now()
    numbers = Task.objects.visible_to(caller).filter(created_at__gte=now - RECENT).aggregate(
        running=Count("pk", filter=Q(status=Status.RUNNING)),
        queued=Count("pk", filter=Q(status=Status.QUEUED)),
        waiting=Count("pk", filter=Q(status=Status.WAITING)),
        completed=Count("pk", filter=Q(status=Status.COMPLETED)),
        failed=Count("pk", filter=Q(status=Status.FAILED)),
        cost=Sum("cost_usd"),
    )  # fmt: skip
    return {
        "numbers": {**numbers, "cost": dollars(float(numbers["cost"] or 0))},
        "workers": _workers(now),
        "sessions": _sessions(caller),
    }


def _workers(now: datetime) -> list[Row]:
    there = Worker.objects.filter(stopped_at=None, lease_until__gt=now - FORGET_WORKERS)
    counted = there.annotate(busy=Count("tasks")).order_by("-lease_until")[:MOST_WORKERS]
    return [
        {
            "id": str(worker.pk),
            "name": str(worker),
            "status": "fresh" if worker.lease_until > now else "lost",
            "note": counting(worker.busy, "task") if worker.lease_until > now else "lost",
        }
        for worker in counted
    ]


def _sessions(caller: Caller) -> list[Row]:
    open_ = ClientSession.objects.visible_to(caller).filter(status=ClientSession.Status.OPEN)
    active = Count("tasks", filter=Q(tasks__status__in=sorted(UNFINISHED_STATUSES)))
    counted = open_.annotate(active=active).order_by("-created_at").values_list("pk", "active")[:MOST_SESSIONS]
    return [
        {"id": str(pk), "name": str(pk)[:8], "status": "open", "note": counting(number, "task")}
        for pk, number in counted
    ]


def dollars(amount: float) -> str:
    return f"${amount:.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


def counting(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
