"""From a request to a turn."""

from typing import Any

from django.http import HttpRequest
from rest_framework import serializers

from sessions.callers import Caller
from workflows import services
from workflows.dialects.agentarea.serializers import ExecuteSerializer, ParametersSerializer, TaskSerializer
from workflows.exceptions import Invalid
from workflows.http.access import spend
from workflows.http.agents import DEFAULT_ITERATIONS, Asked, submission_of
from workflows.http.errors import problems_of
from workflows.http.idempotency import idempotency_of
from workflows.http.lookup import find_agent
from workflows.http.views import validated
from workflows.models import Agent, Task, Thread
from workflows.streaming.frames import SSE


def start(request: HttpRequest, caller: Caller, agent_id: str, body: Any) -> Task:
    """The first turn of a new task. Raises NotFound, Invalid, BadRequest, Conflict, TooMany."""
    agent = find_agent(caller, agent_id)
    asked = validated(TaskSerializer, body)
    parameters = asked.get("parameters") or asked.get("task_parameters") or {}
    checked = _checked(parameters)
    for given in (asked.get("enable_streaming"), checked.get("enable_streaming"), _wants_stream(request)):
        if given is not None:
            streams = given
            break
    else:
        streams = agent.newest.definition["enable_streaming"]
    turn = Asked(
        text=asked["description"],
        streams=streams,
        parameters=parameters,
        model=checked.get("model"),
        instructions=checked.get("instructions"),
        max_iterations=checked.get("max_iterations") or DEFAULT_ITERATIONS,
        budget_usd=checked.get("budget_usd"),
        success_criteria=tuple(checked.get("success_criteria") or ()),
        approve_all=asked["requires_human_approval"],
        timeout_seconds=checked["timeout"],
        idempotency=idempotency_of(request),
    )
    submission = submission_of(agent, turn)
    spend(caller)
    return services.start_conversation(caller, agent, submission)


def execute(request: HttpRequest, caller: Caller, agent: Agent, thread: Thread, body: Any) -> Task:
    """The next turn of a task, with the parameters that the task was created with. Raises likewise."""
    asked = validated(ExecuteSerializer, body)
    first = Task.objects.filter(thread=thread).order_by("run_no").values_list("params", flat=True)[0]
    checked = _checked(first["parameters"])
    streams = asked.get("enable_streaming")
    turn = Asked(
        text=asked["query"],
        streams=first["enable_streaming"] if streams is None else streams,
        parameters=first["parameters"],
        model=checked.get("model"),
        instructions=checked.get("instructions"),
        max_iterations=first["max_iterations"],
        budget_usd=checked.get("budget_usd"),
        success_criteria=tuple(first["success_criteria"]),
        approve_all=first["requires_human_approval"],
        timeout_seconds=checked["timeout"],
        idempotency=idempotency_of(request),
    )
    submission = submission_of(agent, turn)
    spend(caller)
    return services.take_turn(caller, thread, submission)


def _checked(parameters: dict[str, Any]) -> dict[str, Any]:
    checked = ParametersSerializer(data=parameters)
    try:
        checked.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        raise Invalid(problems_of(["body", "parameters"], error.detail)) from None
    return dict(checked.validated_data)


def _wants_stream(request: HttpRequest) -> bool | None:
    """Who asks for the stream itself wants to see it."""
    return True if SSE.content_type in request.headers.get("Accept", "") else None
