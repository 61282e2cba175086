"""What may be called in a channel's turn, and by whom.

A command is a tool. An agent's commands are its own tools and the agents that it may ask; a workflow has one, which
executes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from workflows.engine.graphs.executable import GOAL


class Mode(StrEnum):
    """Who calls the commands."""

    AGENT = "agent"
    """The partner plans, calls as many as it needs, and answers."""
    ASSISTANT = "assistant"
    """One is called, or the person is asked for what is missing."""
    ACTION = "action"
    """The one that is named is called, without a model."""


@dataclass(frozen=True)
class WorkflowCommand:
    """A workflow as a command."""

    name: str
    description: str
    graph: Mapping[str, Any]

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self | None:
        return None if data is None else cls(**data)


def input_schema(graph: Mapping[str, Any]) -> dict[str, Any]:
    """What a workflow takes. Its goal need not be given: it has one."""
    inputs = graph["workflow_inputs"]
    return {
        "type": "object",
        "properties": {one["name"]: {"type": one["type"], "description": one["description"]} for one in inputs},
        "required": [one["name"] for one in inputs if one["required"] and one["name"] != GOAL],
        "additionalProperties": False,
    }
