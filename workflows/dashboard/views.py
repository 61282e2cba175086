"""The dashboard's pages, and the feed of the first."""

from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from sessions.callers import Caller, Right
from sessions.login import LoginForm, was_refused_unheard
from workflows import providers, services
from workflows.dashboard.feed import ListFeed
from workflows.dashboard.forms import FilterForm, GoalForm, RerunForm
from workflows.dashboard.listing import PAGE, Listing, overview, task_row, with_provider
from workflows.dashboard.pages import page
from workflows.dashboard.questions import open_items
from workflows.engine.llm.settings import DEMO
from workflows.http.access import spend
from workflows.http.endpoint import endpoint
from workflows.http.graphs import GENERATES
from workflows.http.lookup import find_task
from workflows.models import Job, Task, Workflow
from workflows.models.task import MODEL_KEY
from workflows.streaming.frames import SSE
from workflows.streaming.hub import get_hub
from workflows.streaming.responses import EventStream
from workflows.streaming.threads import release_thread

MAX_TITLE = 160
EXECUTES = frozenset({Job.EXECUTE, Job.RUN})
ASKS = frozenset({Job.ASK, Job.AGENT, Job.COMMAND, Job.SUMMARY})
"""Jobs that come to an answer, and draw no workflow."""


class Login(LoginView):
    """`/login/`."""

    authentication_form = LoginForm
    next_page = "dashboard:tasks"

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if was_refused_unheard(form):
            response.status_code = 429
        return response


@page(GET=Right.SEE, POST=Right.RUN)
def tasks(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`/`: the group's tasks, live. A POST is a new goal."""
    if request.method != "POST":
        return _tasks_page(request, caller, GoalForm())
    form = GoalForm(request.POST)
    if not form.is_valid():
        return _tasks_page(request, caller, form, status=422)
    asked = form.cleaned_data
    choice = providers.choose({"model": asked["model"]})
    spend(caller)
    submission = services.Submission(
        job=Job.GENERATE,
        goal=asked["goal"],
        params={"llm_config": choice.params},
        secrets=choice.secrets,
        timeout_seconds=asked["timeout"] or settings.TASK_TIMEOUT_SECONDS,
    )
    return redirect("dashboard:task", services.submit(caller, submission).pk)


def _tasks_page(request: HttpRequest, caller: Caller, form: GoalForm, status: int = 200) -> HttpResponse:
    found = Listing.of(request, caller).tasks()
    asked = {name: value for name, value in request.GET.items() if value and name != "before"}
    context = {
        "caller": caller,
        "may_run": caller.may(Right.RUN),
        "goal_form": form,
        "filter_form": FilterForm(request.GET),
        "rows": [task_row(task) for task in found[:PAGE]],
        "overview": overview(caller),
        "feed_query": request.GET.urlencode(),
        "newest_query": urlencode(asked),
        "older_query": urlencode({**asked, "before": found[PAGE - 1].pk}) if len(found) > PAGE else "",
        "is_newest": "before" not in request.GET,
        "serves_demo": providers.configured_provider().name == DEMO,
    }
    return render(request, "dashboard/tasks.html", context, status=status)


@endpoint(Right.SEE, "GET")
async def feed(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`GET /dashboard/feed`, with the page's own query: what to change on it, as SSE."""
    get_hub().check_room(caller)
    listing = await sync_to_async(Listing.of)(request, caller)
    await release_thread()
    return EventStream(ListFeed(listing).chunks(), SSE)


@page(GET=Right.SEE)
def task(request: HttpRequest, caller: Caller, task_id: str) -> HttpResponse:
    """`/tasks/<id>/`: one task. What happens in it the page reads from the task's own stream."""
    found = find_task(caller, task_id)
    title = " ".join(found.goal.split())
    context = {
        "caller": caller,
        "task": found,
        "row": task_row(with_provider(Task.objects.filter(pk=found.pk)).get()),
        "title": title if len(title) <= MAX_TITLE else f"{title[:MAX_TITLE]}…",
        "is_cut": len(title) > MAX_TITLE,
        "has_ended": found.has_ended,
        "may_cancel": caller.may(Right.CANCEL),
        "may_run": caller.may(Right.RUN),
        "executes": found.job in EXECUTES,
        "generates": found.job in GENERATES,
        "asks": found.job in ASKS,
        "source": found.params.get("workflow_of"),
        "workflow": _workflow_of(found),
        "rerun_form": RerunForm(),
        "items": [] if found.has_ended else open_items(caller, task_id),
        "tokens": found.prompt_tokens + found.completion_tokens,
    }
    return render(request, "dashboard/task.html", context)


@page(POST=Right.CANCEL)
def cancel(request: HttpRequest, caller: Caller, task_id: str) -> HttpResponseBase:
    found = find_task(caller, task_id)
    services.cancel(found, reason=f"cancelled by {caller.user.get_username()}")
    return redirect("dashboard:task", found.pk)


@page(POST=Right.RUN)
def rerun(request: HttpRequest, caller: Caller, task_id: str) -> HttpResponseBase:
    found = find_task(caller, task_id)
    form = RerunForm(request.POST)
    asked = form.cleaned_data if form.is_valid() else {"openai_key": "", "node": ""}
    key, node = asked["openai_key"], asked["node"]
    spend(caller)
    again = services.rerun(caller, found, secrets={MODEL_KEY: key} if key else None, redo=[node] if node else [])
    return redirect("dashboard:task", again.pk)


@page(POST=Right.RUN)
def pause(request: HttpRequest, caller: Caller, task_id: str) -> HttpResponseBase:
    found = find_task(caller, task_id)
    services.pause(found, reason=f"paused by {caller.user.get_username()}")
    return redirect("dashboard:task", found.pk)


@page(POST=Right.RUN)
def resume(request: HttpRequest, caller: Caller, task_id: str) -> HttpResponseBase:
    found = find_task(caller, task_id)
    services.resume(found)
    return redirect("dashboard:task", found.pk)


def _workflow_of(task: Task) -> Workflow | None:
    """The workflow that the task is a run of, unless it was deleted."""
    version = task.workflow_version
    return version.workflow if version and version.workflow.deleted_at is None else None
