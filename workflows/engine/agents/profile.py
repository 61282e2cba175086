"""What an agent is, as one task runs it, with the agents that it may ask: settled when the task is submitted."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

MOST_DEPTH: Final = 3
"""Agents that ask one another in a row, the first one included."""


PREFIX: Final = "agent__"
MAX_QUESTION_CHARS: Final = 20_000
QUESTION: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"question": {"type": "string", "minLength": 1, "maxLength": MAX_QUESTION_CHARS}},
    "required": ["question"],
    "additionalProperties": False,
}
"""What a tool takes by which an agent is asked."""


@dataclass(frozen=True)
class Profile:
    """`model`: None for the task's. `tools`: names of those that it may use; `confirm`: of those, and of its `agents`'
    tools, that a person has to allow. `planning`: whether it makes a plan first."""

    name: str
    instructions: str
    description: str = ""
    model: str | None = None
    tools: tuple[str, ...] = ()
    confirm: frozenset[str] = frozenset()
    planning: bool = False
    agents: tuple["Profile", ...] = ()

    def as_json(self) -> dict[str, Any]:
        agents = [agent.as_json() for agent in self.agents]
        return {**asdict(self), "tools": list(self.tools), "confirm": sorted(self.confirm), "agents": agents}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            **{
                **data,
                "tools": tuple(data["tools"]),
                "confirm": frozenset(data["confirm"]),
                "agents": tuple(cls.from_json(agent) for agent in data["agents"]),
            }
        )


def tool_name(agent: str) -> str:
    """What the tool is called by which an agent of this name is asked."""
    return PREFIX + (identifier(agent) or "unnamed")


def identifier(name: str) -> str:
    """A name that people gave, as a part of a tool's name; empty where nothing of it can stand there."""
    return re.sub(r"[^a-zA-Z0-9]+", "_", name).strip("_").lower()[:50]
