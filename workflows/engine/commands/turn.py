"""A turn of a channel: something is asked, and commands are called for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workflows.engine import keys, prompts
from workflows.engine.agents.profile import Profile
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.agents.tool_runs import Place
from workflows.engine.agents.turn import Question, earlier_messages, take_turn
from workflows.engine.commands.assistant import AskedBack, map_query
from workflows.engine.commands.commands import commands, with_workflow
from workflows.engine.commands.definition import Mode, WorkflowCommand
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.tool_requests import ToolRequest
from workflows.engine.tools import Toolbox


@dataclass(frozen=True)
class Action:
    """A command by its name, with its parameters: `{"command_name", "parameters"}` on the wire."""

    command_name: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a turn is asked, and of whom. `action`: of that mode only. `workflow`: the partner, where it is one."""

    mode: Mode
    query: str
    profile: Profile
    workflow: WorkflowCommand | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    action: Action | None = None
    max_iterations: int = 50
    budget_usd: float | None = None
    nodes_at_once: int = 8


@dataclass(frozen=True)
class Answered:
    """What came of it. `command` and `parameters`: of the one command; an agent's turn may have called several."""

    response: str
    success: bool
    command: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


async def take_command_turn(asked: Asked, models: ModelCaller, tools: ToolCaller) -> Answered:
    """Raises `IterationsUsedUp`, `ModelUnusable`, `ModelFailed`, and what the journal raises."""
    tools = with_workflow(tools, asked.workflow, models, asked.nodes_at_once)
    match asked.mode:
        case Mode.AGENT:
            return await _as_agent(asked, models, tools)
        case Mode.ASSISTANT:
            return await _as_assistant(asked, models, tools)
        case Mode.ACTION:
            assert asked.action, "the action was checked with the request"
            return await _call(asked.action, asked.profile, commands(asked.profile, models, tools), tools, 1)


async def _as_agent(asked: Asked, models: ModelCaller, tools: ToolCaller) -> Answered:
    question = Question(
        text=asked.query,
        max_iterations=asked.max_iterations,
        budget_usd=asked.budget_usd,
        # One command after the other: each may rest on what the one before it changed.
        calls_at_once=1,
    )
    answer, _ = await take_turn(replace(asked.profile, instructions=_instructions(asked)), question, models, tools)
    return Answered(answer.text, answer.success)


async def _as_assistant(asked: Asked, models: ModelCaller, tools: ToolCaller) -> Answered:
    offered = commands(asked.profile, models, tools)
    before = earlier_messages(await models.journal.earlier_turns())
    found = await map_query(asked.query, _instructions(asked), before, offered, models)
    if isinstance(found, AskedBack):
        return Answered(found.question, success=False, command=found.command)
    return await _call(Action(found.request.name, found.arguments), asked.profile, offered, tools, found.asked_by)


async def _call(action: Action, profile: Profile, offered: Toolbox, tools: ToolCaller, number: int) -> Answered:
    request = ToolRequest("command", action.command_name, json.dumps(action.parameters, ensure_ascii=False))
    place = Place(f"{keys.agent_tools(keys.MAIN)}/{number}/0", keys.AGENT, None)
    result = await tools.call(request, offered, profile.confirm, place)
    return Answered(result.text, result.ok, action.command_name, action.parameters)


def _instructions(asked: Asked) -> str:
    if not asked.context:
        return asked.profile.instructions
    return f"{asked.profile.instructions}\n\n{prompts.json_section('Context', dict(asked.context))}"
