"""The pages that execute a workflow: a form for its inputs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from sessions.callers import Caller, Right
from workflows import providers, services
from workflows.dashboard.forms import ExecuteForm
from workflows.dashboard.pages import page
from workflows.exceptions import Invalid
from workflows.http.access import spend
from workflows.http.graphs import check_inputs, checked_graph, generated_graph
from workflows.http.lookup import find_task, find_workflow
from workflows.models import Job, Task

Graph = Mapping[str, Any]
Submit = Callable[[services.Submission], Task]


@page(GET=Right.RUN, POST=Right.RUN)
def execute_generated(request: HttpRequest, caller: Caller, task_id: str) -> HttpResponseBase:
    """`/tasks/<id>/execute`: what a task generated."""
    found = find_task(caller, task_id)
    graph = checked_graph(generated_graph(found), caller)
    plain = services.Submission(
        job=Job.EXECUTE,
        goal=found.goal,
        params={"workflow_of": str(found.pk), "workflow_graph": graph},
        timeout_seconds=settings.TASK_TIMEOUT_SECONDS,
    )
    back = reverse("dashboard:task", args=[found.pk])
    return _execute(request, caller, graph, plain, lambda asked: services.submit(caller, asked), back)


@page(GET=Right.RUN, POST=Right.RUN)
def execute_workflow(request: HttpRequest, caller: Caller, workflow_id: str) -> HttpResponseBase:
    """`/workflows/<id>/execute`: its newest version, which is planned first where it has no tasks of its own."""
    found = find_workflow(caller, workflow_id)
    version = found.newest
    plain = services.Submission(
        job=Job.RUN if version.graph is None else Job.EXECUTE,
        goal=found.name,
        params=dict(version.definition["config"]),
        timeout_seconds=settings.TASK_TIMEOUT_SECONDS,
        workflow_version=version,
    )
    back = reverse("dashboard:workflow", args=[found.pk])
    return _execute(
        request, caller, version.graph, plain, lambda asked: services.run_workflow(caller, found, asked), back
    )


def _execute(
    request: HttpRequest, caller: Caller, graph: Graph | None, plain: services.Submission, submit: Submit, back: str
) -> HttpResponseBase:
    """The form, or what came of it: `plain` with its fields, submitted."""
    if request.method != "POST":
        return _form_page(request, caller, ExecuteForm(graph), plain, back)
    form = ExecuteForm(graph, request.POST)
    if not form.is_valid():
        return _form_page(request, caller, form, plain, back)
    if graph is not None:
        try:
            check_inputs(graph, form.inputs, caller)
        except Invalid as invalid:
            form.refuse(invalid)
            return _form_page(request, caller, form, plain, back)
    asked = form.cleaned_data
    choice = providers.choose({"model": asked["model"]})
    spend(caller)
    task = submit(
        replace(
            plain,
            params={**plain.params, "llm_config": choice.params, "inputs": form.inputs},
            secrets=choice.secrets,
            timeout_seconds=asked["timeout"] or plain.timeout_seconds,
        )
    )
    return redirect("dashboard:task", task.pk)


def _form_page(
    request: HttpRequest, caller: Caller, form: ExecuteForm, plain: services.Submission, back: str
) -> HttpResponse:
    context = {"caller": caller, "form": form, "goal": plain.goal, "job": plain.job, "back": back}
    return render(request, "dashboard/execute.html", context, status=422 if form.errors else 200)
