"""The calls that take a turn, from a request to a task."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest

from sessions.callers import Caller
from workflows import providers, services
from workflows.dialects.fastworkflow.asking import Query, action_text, take_turn
from workflows.dialects.fastworkflow.lookup import find_channel, user_of
from workflows.dialects.fastworkflow.partners import find_partner
from workflows.dialects.fastworkflow.serializers import TIMEOUT_S
from workflows.engine.commands.definition import Mode
from workflows.http.idempotency import idempotency_of
from workflows.models import Channel, Task


@transaction.atomic
def initialize(caller: Caller, asked: dict[str, Any]) -> tuple[Channel, Task | None]:
    """The user's channel, and the first turn of a new one that was asked for. All of it, or nothing.

    Raises Invalid for an unknown workflow, NotFound for an unknown conversation, Conflict, TooMany.
    """
    path = asked.get("workflow_path")
    channel, is_new = services.open_channel(
        caller,
        user_of(caller, asked),
        partner=find_partner(caller, path) if path else None,
        context=asked.get("context"),
        show_agent_traces=asked.get("show_agent_traces"),
    )
    if number := asked.get("conversation_id"):
        services.activate_conversation(caller, channel, number, model_of(channel))
    command = asked.get("startup_command")
    if not (is_new and command):
        return channel, None
    return channel, take_turn(caller, channel, Query(Mode.AGENT, command, TIMEOUT_S))


def invoke(request: HttpRequest, caller: Caller, mode: Mode, asked: dict[str, Any]) -> Task:
    """A turn that an agent or an assistant takes. Raises NotFound, Conflict, TooMany."""
    channel = find_channel(caller, user_of(caller, asked))
    query = Query(mode, asked["user_query"], asked["timeout_seconds"], idempotency=idempotency_of(request))
    return take_turn(caller, channel, query)


def perform(request: HttpRequest, caller: Caller, asked: dict[str, Any]) -> Task:
    """A turn that is one command. Raises likewise, and Invalid for one that does not fit."""
    channel = find_channel(caller, user_of(caller, asked))
    action = asked["action"]
    query = Query(
        Mode.ACTION, action_text(**action), asked["timeout_seconds"], action=action, idempotency=idempotency_of(request)
    )
    return take_turn(caller, channel, query)


def model_of(channel: Channel) -> dict[str, Any]:
    """What sums its conversations up: the agent's own model, where it has one."""
    agent = channel.agent
    return providers.choose({"model": agent.newest.definition["model"]} if agent else {}).params
