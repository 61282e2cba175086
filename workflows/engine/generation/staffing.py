"""The second stage: an agent for each node of a plan, all nodes at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from workflows.engine import prompts
from workflows.engine.generation import stages
from workflows.engine.graphs.templates import IDENTIFIER, completed, prompt_problems
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.structured import Request, ask, reader, shaped
from workflows.engine.shapes import Agent, Agents, Plan, SubTask
from workflows.engine.text import listed
from workflows.engine.tools import Tool, as_json
from workflows.exceptions import Paused

MAX_CALLS_AT_ONCE: Final = 8


async def staff(
    caller: ModelCaller,
    goal: str,
    plan: Plan,
    tools: Sequence[Tool],
    on_staffed: Callable[[SubTask, Agent], Awaitable[None]],
) -> dict[str, Agent]:
    """An agent for each node, each told as soon as it is there. The first failure cancels the other calls.

    A pause cancels none: each node comes to its own next boundary, and then `Paused` is raised.
    """
    slots = asyncio.Semaphore(MAX_CALLS_AT_ONCE)
    staffed: dict[str, Agent] = {}
    pauses: list[Paused] = []

    async def staff_one(sub_task: SubTask) -> None:
        try:
            async with slots:
                agent = await _design(caller, goal, plan, sub_task, tools)
        except Paused as pause:
            pauses.append(pause)
            return
        await on_staffed(sub_task, agent)
        staffed[sub_task.name] = agent

    async with asyncio.TaskGroup() as group:
        for sub_task in plan.sub_tasks:
            group.create_task(staff_one(sub_task), name=f"agents/{sub_task.name}")
    if pauses:
        raise pauses[0]
    return {sub_task.name: staffed[sub_task.name] for sub_task in plan.sub_tasks}


def with_unique_names(agents: dict[str, Agent]) -> dict[str, Agent]:
    """Calls side by side cannot agree on names: an agent whose name is taken is named after its node.

    In the plan's order, so that a replay names them alike.
    """
    taken: set[str] = set()
    named: dict[str, Agent] = {}
    for node, agent in agents.items():
        name = agent.name
        while name in taken:
            name = f"{node}_agent" if name == agent.name != f"{node}_agent" else f"{name}_"
        taken.add(name)
        named[node] = agent.model_copy(update={"name": name})
    return named


async def _design(caller: ModelCaller, goal: str, plan: Plan, sub_task: SubTask, tools: Sequence[Tool]) -> Agent:
    sections = [
        prompts.goal_section(goal),
        prompts.json_section("Plan", plan.model_dump(mode="json")),
        prompts.json_section("Node", sub_task.model_dump(mode="json")),
        prompts.json_section("Tools", as_json(tools)),
    ]
    reply = await ask(
        caller,
        Request(
            key=f"{stages.AGENTS}/{sub_task.name}",
            stage=stages.AGENTS,
            node=sub_task.name,
            subject=f"agents for {sub_task.name!r}",
            system=prompts.AGENTS,
            user="\n\n".join(sections),
            format=shaped("node_agents", Agents),
            read=reader(Agents, partial(check_agents, sub_task=sub_task, tools=tools)),
        ),
    )
    return reply.agents[0]


def check_agents(reply: Agents, *, sub_task: SubTask, tools: Sequence[Tool]) -> tuple[Agents, list[str]]:
    """The reply with the node's own inputs and outputs and a working prompt, and what is still wrong."""
    if len(reply.agents) != 1:
        return reply, [f"there are {len(reply.agents)} agents; design exactly one for the node"]
    inputs = [parameter.name for parameter in sub_task.inputs]
    outputs = [parameter.name for parameter in sub_task.outputs]
    said = reply.agents[0]
    mended: dict[str, Any] = {
        "inputs": sub_task.inputs,
        "outputs": sub_task.outputs,
        "prompt": completed(said.prompt, inputs, outputs),
        "tool_names": said.tool_names or None,
    }
    agent = said.model_copy(update=mended)
    return Agents(agents=(agent,)), _problems(said, agent, inputs, tools)


def _problems(said: Agent, agent: Agent, inputs: list[str], tools: Sequence[Tool]) -> list[str]:
    problems = [f"agent '{agent.name[:80]}': {problem}" for problem in prompt_problems(agent.prompt, inputs)]
    if not IDENTIFIER.fullmatch(agent.name):
        problems.append("the agent's name must be letters, digits and underscores, not starting with a digit")
    if not said.prompt.strip():
        problems.append("the agent's prompt is empty; write what the agent has to do")
    offered = {tool.name for tool in tools}
    unknown = [name for name in agent.tool_names or () if name not in offered]
    if unknown:
        choice = f"choose from {listed(sorted(offered))}, or null" if offered else "none is on offer, so give null"
        problems.append(f"there is no tool {listed(unknown)}; for tool_names {choice}")
    return problems
