"""The pages of agents: those of the group, one for each with its conversations, and one for each conversation."""

from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from sessions.callers import Caller, Right
from workflows import services
from workflows.dashboard.forms import MessageForm
from workflows.dashboard.listing import counting, dollars, iso, with_provider
from workflows.dashboard.pages import page
from workflows.engine.llm.settings import DEMO
from workflows.http.access import spend
from workflows.http.agents import Asked, submission_of
from workflows.http.lookup import find_agent, find_conversation
from workflows.models import Agent, Task, Thread
from workflows.providers import configured_provider

AGENTS = CONVERSATIONS = 50
TURNS = 100


@page(GET=Right.SEE)
def agents(request: HttpRequest, caller: Caller) -> HttpResponse:
    """`/agents/`: newest first."""
    found = Agent.objects.visible_to(caller).order_by("-created_at", "-id")[:AGENTS]
    context = {"caller": caller, "agents": [_agent_row(agent) for agent in found]}
    return render(request, "dashboard/agents.html", context)


@page(GET=Right.SEE, POST=Right.RUN)
def agent(request: HttpRequest, caller: Caller, agent_id: str) -> HttpResponseBase:
    """`/agents/<id>/`: what it is, and its conversations. A POST begins another one."""
    found = find_agent(caller, agent_id)
    form = MessageForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        submission = submission_of(found, Asked(form.cleaned_data["message"], streams=True))
        spend(caller)
        turn = services.start_conversation(caller, found, submission)
        return redirect("dashboard:conversation", found.pk, turn.thread_id)
    context = {
        "caller": caller,
        "agent": found,
        "definition": found.newest.definition,
        "model": found.newest.definition["model"] or settings.OPENAI_MODEL,
        "conversations": _conversations(found),
        "form": form,
        "may_run": caller.may(Right.RUN),
        "serves_demo": configured_provider().name == DEMO,
    }
    return render(request, "dashboard/agent.html", context, status=422 if form.errors else 200)


@page(GET=Right.SEE, POST=Right.RUN)
def conversation(request: HttpRequest, caller: Caller, agent_id: str, thread_id: str) -> HttpResponseBase:
    """`/agents/<id>/<conversation>/`: its turns, live. A POST is the next one."""
    thread = find_conversation(caller, agent_id, thread_id)
    form = MessageForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        found = find_agent(caller, agent_id)
        submission = submission_of(found, Asked(form.cleaned_data["message"], streams=True))
        spend(caller)
        services.take_turn(caller, thread, submission)
        return redirect("dashboard:conversation", agent_id, thread.pk)
    turns = with_provider(Task.objects.filter(thread=thread).defer("secrets", "params")).order_by("-run_no")[:TURNS]
    rows = [_turn_row(turn) for turn in reversed(turns)]
    context = {
        "caller": caller,
        "agent": thread.agent,
        "thread": thread,
        "stream": f"/api/v1/agents/{thread.agent_id}/tasks/{thread.pk}/events/stream",
        "turns": rows,
        "title": rows[0]["asked"],
        "is_over": all(row["has_ended"] for row in rows),
        "form": form,
        "may_run": caller.may(Right.RUN) and thread.agent is not None and thread.agent.deleted_at is None,
        "may_cancel": caller.may(Right.CANCEL),
    }
    return render(request, "dashboard/conversation.html", context, status=422 if form.errors else 200)


@page(POST=Right.CANCEL)
def stop(request: HttpRequest, caller: Caller, agent_id: str, thread_id: str) -> HttpResponseBase:
    """End what the agent is doing, and what waits for it."""
    thread = find_conversation(caller, agent_id, thread_id)
    services.cancel_conversation(thread, reason=f"cancelled by {caller.user.get_username()}")
    return redirect("dashboard:conversation", agent_id, thread.pk)


def _agent_row(found: Agent) -> dict[str, Any]:
    definition = found.newest.definition
    return {
        "url": reverse("dashboard:agent", args=[found.pk]),
        "name": found.name,
        "description": definition["description"] or definition["instructions"],
        "conversations": counting(Thread.objects.filter(agent=found).count(), "conversation"),
        "created": iso(found.created_at),
    }


def _conversations(found: Agent) -> list[dict[str, Any]]:
    turns = Task.objects.filter(thread=OuterRef("pk"))
    threads = Thread.objects.filter(agent=found).annotate(
        asked=Subquery(turns.filter(run_no=1).values("goal")[:1]),
        status=Subquery(turns.order_by("-run_no").values("status")[:1]),
    )
    newest = threads.order_by("-created_at", "-id")
    return [
        {
            "url": reverse("dashboard:conversation", args=[found.pk, thread["pk"]]),
            "asked": " ".join(thread["asked"].split())[:200],
            "status": thread["status"],
            "turns": counting(thread["last_run"], "turn"),
            "created": iso(thread["created_at"]),
        }
        for thread in newest.values("pk", "asked", "status", "last_run", "created_at")[:CONVERSATIONS]
    ]


def _turn_row(turn: Task) -> dict[str, Any]:
    """`turn` is one of `with_provider`."""
    answered = turn.result["final_response"] if turn.result else ""
    return {
        "id": str(turn.pk),
        "url": reverse("dashboard:task", args=[turn.pk]),
        "asked": turn.goal,
        "answered": answered,
        "error": turn.error["message"] if turn.error else "",
        "status": turn.status,
        "cost": dollars(float(turn.cost_usd)),
        "demo": turn.provider == DEMO,  # type: ignore[attr-defined]
        "has_ended": turn.has_ended,
    }
