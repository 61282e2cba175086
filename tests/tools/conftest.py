"""What a tool is given for a call, outside of a task."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from workflows.engine.agents.files import CallFiles, TaskFiles
from workflows.engine.agents.tool_runs import Place, ToolResult, ToolRun
from workflows.engine.memory import MemoryJournal
from workflows.engine.tools import Tool

Use = Callable[..., Awaitable[ToolResult]]


@pytest.fixture
def files() -> CallFiles:
    """The files that all calls of the test see."""
    return CallFiles(TaskFiles(MemoryJournal()))


@pytest.fixture
def use(files: CallFiles) -> Use:
    """Runs a tool as an agent's call does, after its arguments were checked."""

    async def run(tool: Tool, **arguments: Any) -> ToolResult:
        assert tool.problems(arguments) == []
        return await ToolRun(tool, MemoryJournal(), Place("tool/1", "execute", None), files, "task").result(arguments)

    return run
