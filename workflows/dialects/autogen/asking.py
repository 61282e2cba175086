"""From a question to a task."""

from typing import Any

from django.http import HttpRequest

from sessions.callers import Caller
from workflows import providers, services
from workflows.dialects.autogen.serializers import AskSerializer, TeamSerializer
from workflows.exceptions import NotFound
from workflows.http.access import spend
from workflows.http.idempotency import idempotency_of
from workflows.http.lookup import find_task, find_team
from workflows.http.views import validated, validated_query
from workflows.models import Job, Task


def submit_question(request: HttpRequest, caller: Caller, body: Any) -> Task:
    """Ask a team. Raises Invalid, NotFound for a team that the caller cannot ask, TooMany, Conflict."""
    asked = validated(AskSerializer, body)
    team = find_team(caller, validated_query(TeamSerializer, request.GET)["team"])
    choice = providers.choose({"model": team.model})
    spend(caller)
    return services.submit(
        caller,
        services.Submission(
            job=Job.ASK,
            goal=asked["question"],
            params={
                "llm_config": choice.params,
                "team": team.definition.as_json(),
                "team_revision": team.revision,
            },
            timeout_seconds=team.time_limit_s,
            ignored=sorted(name[:100] for name in body if name not in asked)[:50],
            idempotency=idempotency_of(request),
        ),
    )


def find_question_asked(caller: Caller, id: str) -> Task:
    """A task that asks a team. Raises NotFound."""
    task = find_task(caller, id)
    if task.job != Job.ASK:
        raise NotFound(f"The task {task.pk} asks no team. See /api/v1/tasks/{task.pk}.")
    return task
