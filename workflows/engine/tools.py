"""The tools on offer to the agents of a workflow."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """A tool by its name, and what it does in words that a model understands."""

    name: str
    description: str


def as_json(tools: Iterable[Tool]) -> list[dict[str, str]]:
    """The list as it stands in a prompt."""
    return [{"name": tool.name, "description": tool.description} for tool in tools]
