"""What the engine's prompts carry: the goal, and for the second stage the node and the tools on offer."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from evoserver.demo_model.chat import ChatRequest, Json

FEEDBACK: Final = "Your last reply was not valid:"
"""How the user message begins that hands an invalid reply back."""

_GOAL: Final = re.compile(r"^<goal>[ \t]*\n?(.*?)\n?[ \t]*</goal>[ \t]*$", re.MULTILINE | re.DOTALL)
_SECTION: Final = r"^## {title}[ \t]*\n+```json[ \t]*\n(.*?)\n```"


@dataclass(frozen=True)
class Prompt:
    """A request of the engine, read; `is_marked` tells whether the goal stood between its tags."""

    goal: str
    is_marked: bool
    node: Json | None
    tools: tuple[Json, ...]

    @property
    def asks_for(self) -> str | None:
        """The name of the schema that fits, for a request that names none."""
        if not self.is_marked:
            return None
        return "node_agents" if self.node else "workflow_plan"


def read_prompt(request: ChatRequest) -> Prompt:
    """The goal and its company out of the first user message; without tags the last user message is the goal."""
    first = next((message.text for message in request.messages if message.role == "user"), "")
    goal = _GOAL.search(first)
    if goal is None:
        return Prompt(request.last_user_text, is_marked=False, node=None, tools=())
    rest = first[goal.end() :]
    node, tools = _json_section("Node", rest), _json_section("Tools", rest)
    return Prompt(
        goal=goal[1],
        is_marked=True,
        node=node if isinstance(node, dict) and isinstance(node.get("name"), str) else None,
        tools=tuple(tool for tool in tools if isinstance(tool, dict)) if isinstance(tools, list) else (),
    )


def has_feedback(request: ChatRequest) -> bool:
    return any(message.role == "user" and message.text.startswith(FEEDBACK) for message in request.messages)


def _json_section(title: str, text: str) -> Any:
    found = re.search(_SECTION.format(title=title), text, re.MULTILINE | re.DOTALL)
    if found is None:
        return None
    try:
        return json.loads(found[1])
    except ValueError:
        return None
