"""Another agent as a tool: it is asked inside of the same task, and its cost is the task's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from workflows.engine.agents.completion import Answer
from workflows.engine.agents.profile import QUESTION, Profile, tool_name
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.journal import Journal, Step
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.relay import Relay
from workflows.engine.text import cut
from workflows.engine.tools import MAX_TIMEOUT_S, Arguments, Tool, ToolContext, ToolFailed
from workflows.events import Kind
from workflows.exceptions import IterationsUsedUp, ModelFailed, ModelUnusable

Ask = Callable[[Profile, str, str, ModelCaller, ToolCaller], Awaitable[Answer]]
"""Asks an agent something, for a tool call: its profile, the question, the call's key, and whom it works with."""


class ForChild(Relay):
    """The journal of an agent that another one asks: its events carry the tool call that asked as `parent`."""

    def __init__(self, journal: Journal, parent: str) -> None:
        super().__init__(journal)
        self._parent = parent

    async def tell(self, key: str, kind: Kind, data: Mapping[str, Any]) -> None:
        await super().tell(key, kind, {"parent": self._parent, **data})

    async def settle(self, step: Step, kind: Kind, data: Mapping[str, Any]) -> None:
        await super().settle(step, kind, {"parent": self._parent, **data})


def agent_tool(agent: Profile, models: ModelCaller, tools: ToolCaller, ask: Ask) -> Tool:
    """The tool that asks this agent. What it cannot answer is told to who asked; what ends the task is raised."""

    async def call(arguments: Arguments, context: ToolContext) -> str:
        journal = ForChild(models.journal, context.call)
        settings = replace(models.settings, model=agent.model) if agent.model else models.settings
        try:
            answer = await ask(
                agent,
                arguments["question"],
                context.call,
                replace(models, settings=settings, journal=journal),
                replace(tools, journal=journal),
            )
        except (ModelFailed, ModelUnusable, IterationsUsedUp) as error:
            raise ToolFailed(f"The agent gave no answer: {error.detail}") from None
        return answer.text if answer.success else f"It says that it did not succeed. {answer.text}"

    about = f" {cut(agent.description, 500)}" if agent.description else ""
    return Tool(
        name=tool_name(agent.name),
        description=f"Asks the agent {cut(agent.name, 100)!r}, who knows nothing of your conversation.{about}",
        call=call,
        parameters=QUESTION,
        timeout_s=MAX_TIMEOUT_S,
    )
