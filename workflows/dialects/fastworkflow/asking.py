"""From a request to a turn."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sessions.callers import Caller
from workflows import providers, services
from workflows.dialects.fastworkflow.partners import Offer, check_there, offer_of, parameters_of
from workflows.engine.agents.profile import Profile
from workflows.engine.commands.definition import Mode, WorkflowCommand
from workflows.engine.schemas import problems_of
from workflows.engine.text import listed
from workflows.exceptions import Invalid, Problem
from workflows.http.access import spend
from workflows.http.agents import DEFAULT_ITERATIONS, Asked, submission_of
from workflows.models import Channel, Job, Task
from workflows.services import Idempotency, Submission


@dataclass(frozen=True)
class Query:
    """A turn that somebody wants. `action`: `{"command_name", "parameters"}`, of that mode only."""

    mode: Mode
    text: str
    timeout_seconds: float
    action: Mapping[str, Any] | None = None
    idempotency: Idempotency | None = None


def take_turn(caller: Caller, channel: Channel, query: Query) -> Task:
    """Raises Conflict while a turn is under way, NotFound where the partner was deleted, Invalid for an action that the
    partner cannot do, TooMany."""
    submission = turn_of(channel, query)
    spend(caller)
    return services.take_channel_turn(caller, channel, submission)


def turn_of(channel: Channel, query: Query) -> Submission:
    """What is submitted. Raises NotFound and Invalid likewise."""
    check_there(channel)
    submission = _of_agent(channel, query) if channel.agent else _of_offer(offer_of(channel), query)
    params = {
        "mode": query.mode,
        "action": None,
        "workflow": None,
        "partner": channel.partner,
        "user": channel.name,
        "workflow_name": channel.partner_name,
        "context": channel.context,
        "show_agent_traces": channel.show_agent_traces,
        **submission.params,
    }
    if query.action:
        _check(channel, params, query.action)
        params["action"] = dict(query.action)
    return replace(submission, job=Job.COMMAND, params=params)


def action_text(command_name: str, parameters: Mapping[str, Any]) -> str:
    """An action as a query, for lists of tasks and of conversations."""
    given = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
    return f"{command_name}({given})"[:1_000]


def _of_agent(channel: Channel, query: Query) -> Submission:
    assert channel.agent
    asked = Asked(text=query.text, streams=True, timeout_seconds=query.timeout_seconds, idempotency=query.idempotency)
    return submission_of(channel.agent, asked)


def _of_offer(offer: Offer, query: Query) -> Submission:
    choice = providers.choose({})
    command = offer.workflow
    return Submission(
        job=Job.COMMAND,
        goal=query.text,
        timeout_seconds=query.timeout_seconds,
        params={
            "llm_config": choice.params,
            "agent": offer.profile.as_json(),
            "workflow": None if command is None else vars(command),
            "max_iterations": DEFAULT_ITERATIONS,
        },
        secrets=choice.secrets,
        idempotency=query.idempotency,
    )


def _check(channel: Channel, params: Mapping[str, Any], action: Mapping[str, Any]) -> None:
    profile = Profile.from_json(params["agent"])
    workflow = WorkflowCommand.from_json(params["workflow"])
    known = parameters_of(channel, profile, workflow)
    name = action["command_name"]
    if name not in known:
        msg = f"There is no command {name[:80]!r}. The commands are {listed([*known], 20)}."
        raise Invalid.at("body", "action", "command_name", msg=msg)
    problems = problems_of(known[name], action["parameters"])
    if problems:
        loc: list[str | int] = ["body", "action", "parameters"]
        raise Invalid([Problem(loc=loc, msg=problem, type="value_error") for problem in problems])
