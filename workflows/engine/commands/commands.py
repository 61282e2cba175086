"""The commands of a turn, ready to be called."""

from dataclasses import replace

from workflows.engine import keys
from workflows.engine.agents.profile import Profile
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.agents.turn import colleagues
from workflows.engine.commands.definition import WorkflowCommand
from workflows.engine.commands.execution import execution_tool
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.tools import Toolbox


def with_workflow(
    tools: ToolCaller, workflow: WorkflowCommand | None, models: ModelCaller, nodes_at_once: int
) -> ToolCaller:
    """The tools on offer, and the workflow among them."""
    if workflow is None:
        return tools
    added = execution_tool(workflow, models, tools, nodes_at_once)
    others = (tool for tool in tools.toolbox if tool.name != added.name)
    return replace(tools, toolbox=Toolbox([*others, added]))


def commands(profile: Profile, models: ModelCaller, tools: ToolCaller) -> Toolbox:
    """The partner's own tools, and the agents that it may ask."""
    own = colleagues(profile, models, tools, keys.MAIN)
    names = {tool.name for tool in own}
    return Toolbox([*(tool for tool in tools.toolbox.only(profile.tools) if tool.name not in names), *own])
