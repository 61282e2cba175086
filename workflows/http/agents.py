"""What an agent may be, and what it is for one turn."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db.models import Q

from sessions.callers import Caller
from workflows import providers
from workflows.engine.agents.completion import COMPLETION
from workflows.engine.agents.profile import MOST_DEPTH, Profile, tool_name
from workflows.engine.llm.prices import price_for
from workflows.exceptions import BadRequest
from workflows.mcp.names import tool_name as mcp_tool_name
from workflows.models import Agent, AgentVersion, Job, McpServer
from workflows.services import Idempotency, Submission
from workflows.toolbox import offered

DEFAULT_BUDGET_USD: Final = 10.0
DEFAULT_ITERATIONS: Final = 50
MOST_REPLY_TOKENS: Final = 4_096
"""Of one reply. A budget is reserved before each call, and without a limit one call would reserve all of it."""

ITSELF: Final = "An agent that asks itself, also by way of others, would never end. Take it out of tools_config.agents."
TOO_DEEP: Final = f"Agents ask one another at most {MOST_DEPTH} deep, the first one included. Make the row shorter."


@dataclass(frozen=True)
class Asked:
    """A turn that somebody wants: what of the agent is different for it, and what it may take."""

    text: str
    streams: bool
    parameters: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    instructions: str | None = None
    max_iterations: int = DEFAULT_ITERATIONS
    budget_usd: float | None = None
    success_criteria: tuple[str, ...] = ()
    approve_all: bool = False
    """Whether a person has to allow each call of a tool."""
    timeout_seconds: float | None = None
    idempotency: Idempotency | None = None


def check_tools(caller: Caller, config: Mapping[str, Any], agent: Agent | None = None) -> None:
    """Raises BadRequest for a `tools_config` that names what is not there, or by which the agent would ask itself."""
    toolbox = offered()
    for tool in config.get("builtin_tools") or ():
        name = tool["tool_name"]
        if name != COMPLETION and toolbox.get(name) is None:
            raise BadRequest(f"There is no tool {name[:80]!r}. The tools on offer are: {toolbox}.")
    _mcp_tools(config, caller.group_id)
    for asked in _agents_in(config):
        if not Agent.objects.visible_to(caller).filter(pk=asked).exists():
            raise BadRequest(f"There is no agent {asked}. An agent can ask those of its own group.")
    _profiles(config, (agent.pk,) if agent else (uuid.uuid4(),), caller.group_id)


def submission_of(agent: Agent, asked: Asked) -> Submission:
    """A turn of the agent's newest version. Raises BadRequest for agents that cannot ask one another as they want."""
    version = agent.newest
    definition = version.definition
    profile = _profile(agent.name, version, (agent.pk,), agent.group_id)
    model = asked.model or profile.model
    if asked.instructions:
        profile = replace(profile, instructions=asked.instructions)
    if asked.approve_all:
        profile = _all_confirmed(profile)
    budget = asked.budget_usd or definition["budget_usd"] or _default_budget(model, profile)
    limit = {} if budget is None else {"max_tokens": MOST_REPLY_TOKENS}
    choice = providers.choose({"model": model, **limit})
    return Submission(
        job=Job.AGENT,
        goal=asked.text,
        timeout_seconds=asked.timeout_seconds or settings.TASK_TIMEOUT_SECONDS,
        params={
            "llm_config": choice.params,
            "agent": profile.as_json(),
            "parameters": dict(asked.parameters),
            "max_iterations": asked.max_iterations,
            "success_criteria": list(asked.success_criteria),
            "enable_streaming": asked.streams,
            "requires_human_approval": asked.approve_all,
        },
        secrets=choice.secrets,
        agent_version=version,
        budget_usd=None if budget is None else Decimal(str(round(budget, 8))),
        idempotency=asked.idempotency,
    )


def _all_confirmed(profile: Profile) -> Profile:
    """With each tool of it, and of the agents that it may ask, for a person to allow."""
    agents = tuple(_all_confirmed(agent) for agent in profile.agents)
    names = [*profile.tools, *(tool_name(agent.name) for agent in agents)]
    return replace(profile, confirm=frozenset(names), agents=agents)


def _default_budget(model: str | None, profile: Profile) -> float | None:
    """None where the price of a model is not known: a limit in dollars could not be kept."""
    models = [model, *(agent.model for agent in _everybody(profile))]
    chosen = [providers.model_settings(providers.choose({"model": name}).params, {}) for name in models]
    return DEFAULT_BUDGET_USD if all(price_for(one) for one in chosen) else None


def _everybody(profile: Profile) -> Iterator[Profile]:
    for agent in profile.agents:
        yield agent
        yield from _everybody(agent)


def _profile(name: str, version: AgentVersion, above: tuple[uuid.UUID, ...], group_id: int) -> Profile:
    definition = version.definition
    config = definition["tools_config"] or {}
    builtin = [tool for tool in config.get("builtin_tools") or () if tool.get("enabled", True)]
    tools = [tool["tool_name"] for tool in builtin if tool["tool_name"] != COMPLETION]
    of_servers = _mcp_tools(config, group_id)
    agents = _profiles(config, above, group_id)
    gated = {str(tool["agent_id"]) for tool in config.get("agents") or () if tool.get("requires_user_confirmation")}
    confirm = [tool["tool_name"] for tool in builtin if tool.get("requires_user_confirmation")]
    confirm += [tool_name(agent.name) for id, agent in agents.items() if str(id) in gated]
    return Profile(
        name=name,
        instructions=definition["instructions"],
        description=definition["description"] or "",
        model=definition["model"],
        tools=(*tools, *of_servers),
        confirm=frozenset([*confirm, *(name for name, is_gated in of_servers.items() if is_gated)]),
        planning=bool(definition["planning"]),
        agents=tuple(agents.values()),
    )


def _profiles(config: Mapping[str, Any], above: tuple[uuid.UUID, ...], group_id: int) -> dict[uuid.UUID, Profile]:
    """The agents that may be asked, by id; those that were deleted meanwhile are left out."""
    found: dict[uuid.UUID, Profile] = {}
    for id in _agents_in(config):
        agent = Agent.objects.filter(pk=id, group=group_id, deleted_at=None).first()
        if id in above:
            raise BadRequest(ITSELF)
        if len(above) == MOST_DEPTH:
            raise BadRequest(TOO_DEEP)
        if agent:
            found[id] = _profile(agent.name, agent.newest, (*above, id), group_id)
    names = [tool_name(profile.name) for profile in found.values()]
    if len(set(names)) < len(names):
        raise BadRequest("Two of the agents in tools_config.agents have the same name. Rename one of them.")
    return found


def _mcp_tools(config: Mapping[str, Any], group_id: int) -> dict[str, bool]:
    """The tools of MCP servers by name, and whether a person has to allow them. A server without `allowed_tools` gives
    all that it has. Raises BadRequest for a server that the group has not, or a tool that it does not list."""
    found: dict[str, bool] = {}
    for wanted in config.get("mcp_server_configs") or ():
        id = wanted["mcp_server_id"]
        by_id = Q(name=id) | Q(pk=int(id)) if id.isascii() and id.isdigit() and len(id) < 10 else Q(name=id)
        server = McpServer.objects.for_group(group_id).filter(by_id).first()
        if server is None:
            raise BadRequest(f"There is no MCP server {id[:80]!r}.")
        allowed = wanted.get("allowed_tools")
        listed = [tool["name"] for tool in server.tools]
        for tool in [{"tool_name": name} for name in listed] if allowed is None else allowed:
            if server.listed_at and tool["tool_name"] not in listed:
                raise BadRequest(f"The MCP server {server.name} has no tool {tool['tool_name'][:80]!r}.")
            found[mcp_tool_name(server.name, tool["tool_name"])] = bool(tool.get("requires_user_confirmation"))
    return found


def _agents_in(config: Mapping[str, Any]) -> list[uuid.UUID]:
    return [uuid.UUID(str(tool["agent_id"])) for tool in config.get("agents") or ()]
