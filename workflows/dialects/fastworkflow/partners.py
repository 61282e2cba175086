"""What a channel talks to: found by its name, and what it can do."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q

from sessions.callers import Caller
from workflows.engine.agents.profile import QUESTION, Profile, identifier, tool_name
from workflows.engine.commands.definition import WorkflowCommand, input_schema
from workflows.engine.text import listed
from workflows.exceptions import Invalid, NotFound
from workflows.models import TODO_LIST, Agent, Channel, Workflow
from workflows.services import Partner
from workflows.toolbox import tools_for
from workflows.tools import todos

WHERE: Final = ("body", "workflow_path")

TODO_INSTRUCTIONS: Final = (
    "You keep a person's to-do list with your tools. A todo has a number, which stays. Look at the list before you "
    "change a todo that the person names by its words or its place. Say what you did, and show the list when asked."
)
WORKFLOW_INSTRUCTIONS: Final = (
    "You execute one workflow for a person, by the tool {name}. Take its inputs from what the person says. Once you "
    "have its outputs, answer with them."
)


@dataclass(frozen=True)
class Offer:
    """What a to-do list or a workflow can do in a turn: the agent that plans, and what the workflow's command is."""

    profile: Profile
    workflow: WorkflowCommand | None = None


def find_partner(caller: Caller, path: str) -> Partner:
    """The agent or workflow of the caller's group by its name or id; `todo_list` comes with the server. fastWorkflow's
    clients may name a folder, since it has its workflows there: what they mean is the last part.

    Raises Invalid where there is none, or more than one.
    """
    last = path.rstrip("/").rpartition("/")[2]
    found = _named(caller, path) or _named(caller, last)
    if not found and last == TODO_LIST:
        return Partner()
    if not found:
        raise Invalid.at(*WHERE, msg=f"There is no workflow or agent {path[:80]!r} here. There are {_known(caller)}.")
    if len(found) > 1:
        raise Invalid.at(*WHERE, msg=f"More than one is named {path[:80]!r}. Give the id of the one that is meant.")
    (partner,) = found
    if isinstance(partner, Agent):
        return Partner(agent=partner)
    if partner.newest.graph is None:
        raise Invalid.at(*WHERE, msg=f"The workflow {path[:80]!r} has no graph yet. Give it tasks, or a graph.")
    return Partner(workflow=partner)


def _named(caller: Caller, name: str) -> list[Agent | Workflow]:
    """Two of them are enough to be too many."""
    asked = Q(name=name)
    if id := _uuid(name):
        asked |= Q(pk=id)
    agents, workflows = Agent.objects.visible_to(caller), Workflow.objects.visible_to(caller)
    return [*agents.filter(asked)[:2], *workflows.filter(asked)[:2]]


def check_there(channel: Channel) -> None:
    """Raises NotFound where the partner was deleted."""
    partner = channel.agent or channel.workflow
    if partner and partner.deleted_at:
        raise NotFound(f"{partner.name!r}, which user {channel.name} talked to, is deleted. Initialize with another.")


def offer_of(channel: Channel) -> Offer:
    """Of a to-do list, or of a workflow as it is now."""
    if channel.workflow is None:
        return Offer(Profile(TODO_LIST, TODO_INSTRUCTIONS, tools=tuple(todos.PARAMETERS)))
    name = identifier(channel.workflow.name) or "execute"
    command = WorkflowCommand(name, channel.workflow.name, channel.workflow.newest.graph)
    profile = Profile(channel.workflow.name, WORKFLOW_INSTRUCTIONS.format(name=name), tools=(name,))
    return Offer(profile, command)


def parameters_of(channel: Channel, profile: Profile, workflow: WorkflowCommand | None) -> dict[str, Mapping[str, Any]]:
    """What each command takes, a JSON Schema by its name."""
    if workflow:
        return {workflow.name: input_schema(workflow.graph)}
    if channel.partner == Channel.Partner.TODO:
        return dict(todos.PARAMETERS)
    own = {tool.name: tool.parameters for tool in tools_for(channel.group_id).only(profile.tools)}
    return {**own, **{tool_name(agent.name): QUESTION for agent in profile.agents}}


def _known(caller: Caller) -> str:
    return listed([TODO_LIST, *_names(caller)], limit=10)


def _names(caller: Caller) -> Iterator[str]:
    for rows in (Agent.objects.visible_to(caller), Workflow.objects.visible_to(caller)):
        yield from rows.order_by("-created_at").values_list("name", flat=True)[:20]


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
