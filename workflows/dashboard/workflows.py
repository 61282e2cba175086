"""The pages of workflows: those that the group keeps, and one for each of them."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from sessions.callers import Caller, Right
from workflows.dashboard.forms import BeforeForm
from workflows.dashboard.listing import PAGE, counting, iso, task_row, with_provider
from workflows.dashboard.pages import page
from workflows.exceptions import Invalid
from workflows.http.lookup import find_workflow
from workflows.models import Task, Workflow

RUNS = VERSIONS = 25


@page(GET=Right.SEE)
def workflows(request: HttpRequest, caller: Caller) -> HttpResponse:
    """`/workflows/`: newest first, a page at a time."""
    found = _newest_first(caller, _place_of(caller, request))
    context = {
        "caller": caller,
        "rows": [_row(workflow) for workflow in found[:PAGE]],
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
        "is_newest": "before" not in request.GET,
    }
    return render(request, "dashboard/workflows.html", context)


@page(GET=Right.SEE)
def workflow(request: HttpRequest, caller: Caller, workflow_id: str) -> HttpResponse:
    """`/workflows/<id>/`: its graph, its versions and its runs."""
    found = find_workflow(caller, workflow_id)
    runs = with_provider(Task.objects.visible_to(caller).filter(thread=found.thread_id))
    versions = found.versions.select_related("author").defer("definition", "graph").order_by("-number")
    context = {
        "caller": caller,
        "workflow": found,
        "version": found.newest,
        "versions": versions[:VERSIONS],
        "rows": [task_row(run) for run in runs.defer("secrets", "result", "params").order_by("-run_no")[:RUNS]],
        "may_run": caller.may(Right.RUN),
    }
    return render(request, "dashboard/workflow.html", context)


def _newest_first(caller: Caller, before: tuple[datetime, uuid.UUID] | None) -> list[Workflow]:
    """One more than a page holds, if there are more; each with its latest run."""
    latest = Task.objects.filter(thread=OuterRef("thread")).order_by("-run_no")
    visible = Workflow.objects.visible_to(caller).annotate(
        run_status=Subquery(latest.values("status")[:1]),
        run_at=Subquery(latest.values("created_at")[:1]),
        runs=F("thread__last_run"),
    )
    if before is not None:
        moment, id = before
        older = Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=id)
        visible = visible.filter(older, created_at__lte=moment)
    return list(visible.order_by("-created_at", "-id")[: PAGE + 1])


def _place_of(caller: Caller, request: HttpRequest) -> tuple[datetime, uuid.UUID] | None:
    """Raises Invalid for a query that no page made."""
    form = BeforeForm(request.GET)
    if "before" not in request.GET:
        return None
    visible = Workflow.objects.visible_to(caller).values_list("created_at", "pk")
    place = visible.filter(pk=form.cleaned_data["before"]).first() if form.is_valid() else None
    if place is None:
        raise Invalid.at("query", "before", msg="There is no such workflow. Go back to the newest ones.")
    return place


def _row(found: Any) -> dict[str, Any]:
    return {
        "url": reverse("dashboard:workflow", args=[found.pk]),
        "name": found.name,
        "versions": counting(found.last_version, "version"),
        "runs": counting(found.runs, "run"),
        "status": found.run_status or "",
        "latest": iso(found.run_at) if found.run_at else "",
        "created": iso(found.created_at),
    }
