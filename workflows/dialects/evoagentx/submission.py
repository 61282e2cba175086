"""From a request of this dialect to a task."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from rest_framework import serializers

from sessions.callers import Caller
from sessions.models import ClientSession
from workflows import providers, services
from workflows.dialects.evoagentx.graphs import chosen_graph
from workflows.dialects.evoagentx.serializers import (
    ExecuteSerializer,
    GenerateSerializer,
    RunSerializer,
    bounded,
    ignored_keys,
)
from workflows.engine.graphs.executable import ignored_inputs
from workflows.http.access import spend
from workflows.http.budget import limits_of
from workflows.http.graphs import check_inputs
from workflows.http.idempotency import idempotency_of
from workflows.http.mcp_config import choose_servers
from workflows.http.views import validated
from workflows.models import Job, Task

Asked = Mapping[str, Any]
Servers = Collection[str]
"""The names of MCP servers that the request brings along."""


class Wanted(NamedTuple):
    """What a task is to do: its goal, what its job reads of the request, and names among that which nothing reads."""

    goal: str
    params: Mapping[str, Any]
    ignored: tuple[str, ...] = ()


def _generation(caller: Caller, asked: Asked, servers: Servers) -> Wanted:
    return Wanted(asked["goal"], {})


def _execution(caller: Caller, asked: Asked, servers: Servers) -> Wanted:
    """Raises Invalid, NotFound or Conflict where there is nothing that could be executed."""
    graph = chosen_graph(caller, asked, servers)
    inputs = asked.get("inputs") or {}
    check_inputs(graph, inputs, caller, servers)
    source = {"workflow_of": asked["task_id"]} if asked.get("task_id") else {}
    ignored = tuple(f"inputs.{name}" for name in ignored_inputs(graph, inputs))
    return Wanted(graph["goal"], {**source, "workflow_graph": graph, "inputs": inputs}, ignored)


def _run(caller: Caller, asked: Asked, servers: Servers) -> Wanted:
    return Wanted(asked["goal"], {"inputs": asked.get("inputs") or {}})


class Way(NamedTuple):
    serializer: type[serializers.Serializer[Any]]
    wanted: Callable[[Caller, Asked, Servers], Wanted]


WAYS: Final[Mapping[Job, Way]] = {
    Job.GENERATE: Way(GenerateSerializer, _generation),
    Job.EXECUTE: Way(ExecuteSerializer, _execution),
    Job.RUN: Way(RunSerializer, _run),
}
"""What the body for each job holds, and what is made of it."""


def submit_job(
    job: Job, request: HttpRequest, caller: Caller, body: Any, *, session: ClientSession | None = None
) -> Task:
    """Validate the body and submit a task. Raises Invalid, TooMany, Conflict for a session that is closed, and what
    the job's way raises."""
    serializer, wanted_of = WAYS[job]
    asked: Asked = validated(serializer, body)
    choice = providers.choose(asked.get("llm_config") or {})
    mcp = choose_servers(caller, asked.get("mcp_config"))
    wanted = wanted_of(caller, asked, mcp.servers)
    spend(caller)
    return services.submit(
        caller,
        services.Submission(
            job=job,
            goal=wanted.goal,
            params={"llm_config": choice.params, **mcp.params, **wanted.params},
            secrets={**choice.secrets, **mcp.secrets},
            timeout_seconds=asked["timeout"],
            **limits_of(asked),
            ignored=bounded([*ignored_keys(serializer, body), *wanted.ignored]),
            session=session,
            idempotency=idempotency_of(request),
        ),
    )
