"""How agents and tasks look in this dialect."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Sum

from workflows.dialects.agentarea.states import LARGE, current_turn, first_asked, status_of
from workflows.engine import keys
from workflows.events import Kind
from workflows.models import Agent, AgentVersion, Event, Status, Task, Thread
from workflows.models.stream import timestamp


def agent_object(agent: Agent, version: AgentVersion) -> dict[str, Any]:
    definition = version.definition
    return {
        "id": str(agent.pk),
        "name": agent.name,
        "status": "active",
        "description": definition["description"],
        "instruction": definition["instructions"],
        "model_id": definition["model"] or settings.OPENAI_MODEL,
        "tools_config": definition["tools_config"],
        "events_config": definition["events_config"],
        "planning": definition["planning"],
        "enable_streaming": definition["enable_streaming"],
        "budget_usd": definition["budget_usd"],
        "version": version.number,
        "created_at": timestamp(agent.created_at),
        "updated_at": timestamp(agent.updated_at),
    }


def agent_objects(agents: Sequence[Agent]) -> list[dict[str, Any]]:
    """Several, in two queries."""
    versions = AgentVersion.objects.filter(agent__in=agents).order_by("number")
    newest = {version.agent_id: version for version in versions}
    return [agent_object(agent, newest[agent.pk]) for agent in agents]


def task_object(thread: Thread, turn: Task, asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(thread.pk),
        "agent_id": str(thread.agent_id),
        "description": asked["goal"],
        "parameters": asked["params__parameters"],
        "status": status_of(turn),
        "result": result_of(turn),
        "created_at": timestamp(thread.created_at),
        "execution_id": str(turn.pk),
    }


def task_as_it_is(thread: Thread, turn: Task | None = None) -> dict[str, Any]:
    """`turn`: as it was taken, for who has just begun it."""
    return task_object(thread, turn or current_turn(thread), first_asked([thread])[thread.pk])


def task_objects(threads: Sequence[Any]) -> list[dict[str, Any]]:
    """Several, in two queries; each thread with its `current` turn's id."""
    asked = first_asked(threads)
    turns = Task.objects.defer(*LARGE).in_bulk([thread.current for thread in threads])
    return [task_object(thread, turns[thread.current], asked[thread.pk]) for thread in threads]


def result_of(turn: Task) -> dict[str, Any] | None:
    if turn.result is None:
        return None
    return {
        "final_response": turn.result["final_response"],
        "success": turn.result["success"],
        "iterations_completed": turn.result["iterations"],
        "total_cost": float(turn.cost_usd),
        "message": turn.result["message"],
    }


def status_object(thread: Thread) -> dict[str, Any]:
    turn = current_turn(thread)
    took = (turn.ended_at - turn.started_at).total_seconds() if turn.ended_at and turn.started_at else None
    return {
        "task_id": str(thread.pk),
        "agent_id": str(thread.agent_id),
        "execution_id": str(turn.pk),
        "status": status_of(turn),
        "start_time": timestamp(turn.started_at) if turn.started_at else None,
        "end_time": timestamp(turn.ended_at) if turn.ended_at else None,
        "execution_time": took,
        "error": turn.error["message"] if turn.error else None,
        "result": result_of(turn),
        "message": turn.current_state,
        "artifacts": [],
        "session_id": str(thread.pk),
        "usage_metadata": _usage(thread),
    }


def state_object(thread: Thread) -> dict[str, Any]:
    """The query `get_current_state`."""
    turn = current_turn(thread)
    cost = float(turn.cost_usd)
    is_paused = turn.status == Status.PAUSED
    return {
        "task_id": str(thread.pk),
        "execution_id": str(turn.pk),
        "status": status_of(turn),
        "current_iteration": _iteration(turn),
        "success": bool(turn.result and turn.result["success"]),
        "cost": cost,
        "budget_remaining": None if turn.budget_usd is None else round(max(float(turn.budget_usd) - cost, 0), 8),
        "paused": is_paused,
        "pause_reason": _pause_reason(turn) if is_paused else None,
    }


def response_object(thread: Thread) -> dict[str, Any]:
    """The query `get_final_response`."""
    turn = current_turn(thread)
    return {
        "task_id": str(thread.pk),
        "execution_id": str(turn.pk),
        "status": status_of(turn),
        "success": bool(turn.result and turn.result["success"]),
        "final_response": turn.result["final_response"] if turn.result else None,
    }


def acted_object(status: str, thread: Thread, turn: Task, message: str) -> dict[str, Any]:
    """What the calls answer that act on a turn."""
    return {"status": status, "task_id": str(thread.pk), "execution_id": str(turn.pk), "message": message}


def _iteration(turn: Task) -> int:
    begun = Event.objects.filter(
        task=turn, key__startswith=f"{Kind.AGENT_ITERATION_STARTED}:{keys.agent_calls(keys.MAIN)}/"
    )
    return begun.count()


def _pause_reason(turn: Task) -> str | None:
    paused = Event.objects.filter(task=turn, kind=Kind.TASK_PAUSED).order_by("-seq").values_list("data", flat=True)
    return paused[0].get("reason") if paused else None


def _usage(thread: Thread) -> dict[str, Any]:
    """Of all turns together."""
    taken = Task.objects.filter(thread=thread).aggregate(
        prompt_tokens=Sum("prompt_tokens"),
        completion_tokens=Sum("completion_tokens"),
        total_cost=Sum("cost_usd"),
        model_calls=Sum("model_calls"),
    )
    total = taken["prompt_tokens"] + taken["completion_tokens"]
    return {**taken, "total_cost": float(taken["total_cost"]), "total_tokens": total}
