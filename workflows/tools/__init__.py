"""The tools that come with the server, and what Python projects need to add their own."""

from workflows.engine.tools import Arguments, Tool, ToolContext, ToolFailed
from workflows.tools.command import run_command

__all__ = ["Arguments", "Tool", "ToolContext", "ToolFailed", "run_command"]
