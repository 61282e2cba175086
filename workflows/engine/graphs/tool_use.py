"""How an agent uses its tools: keys of an agent in a `workflow_graph`.

    "tool_names": ["calculator", "fetch"], "max_steps": 5, "confirm_tools": ["send_mail"]

The last two are ours, and optional. EvoAgentX has the first one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

DEFAULT_STEPS: Final = 10
MOST_STEPS: Final = 50


@dataclass(frozen=True)
class ToolUse:
    """`names`: what the agent may use, and nothing else. `max_steps`: how often it may call tools, several at once
    counting as one step. `confirm`: tools that it may only use if a person says yes."""

    names: tuple[str, ...] = ()
    max_steps: int = DEFAULT_STEPS
    confirm: frozenset[str] = frozenset()

    @classmethod
    def of(cls, agent: Mapping[str, Any]) -> Self:
        """That of an agent without `tool_use_problems`."""
        return cls(
            names=tuple(agent.get("tool_names") or ()),
            max_steps=agent.get("max_steps") or DEFAULT_STEPS,
            confirm=frozenset(agent.get("confirm_tools") or ()),
        )


def tool_use_problems(agent: Mapping[str, Any], place: str) -> Iterator[str]:
    """What is wrong with these keys."""
    for key in ("tool_names", "confirm_tools"):
        names = agent.get(key)
        if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            yield f"{place}.{key} must be a list of names of tools, or null"
            return
    for name in agent.get("confirm_tools") or ():
        if name not in (agent.get("tool_names") or ()):
            yield f"{place}.confirm_tools names {name[:80]!r}, which is not among its tool_names"
    steps = agent.get("max_steps")
    if steps is not None and not (type(steps) is int and 1 <= steps <= MOST_STEPS):
        yield f"{place}.max_steps must be a whole number from 1 to {MOST_STEPS}, or null"
