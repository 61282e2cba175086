"""What the engine's prompts carry: the goal, a node and the tools on offer, an agent's work, results to review."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from evoserver.demo_model.chat import ChatRequest, Json

FEEDBACK: Final = "Your last reply was not valid:"
"""How the user message begins that hands an invalid reply back."""

_GOAL: Final = re.compile(r"^<goal>[ \t]*\n?(.*?)\n?[ \t]*</goal>[ \t]*$", re.MULTILINE | re.DOTALL)
_INPUT: Final = re.compile(r"<input>(.*?)</input>", re.DOTALL)
_SECTION: Final = r"^## {title}[ \t]*\n+```json[ \t]*\n(.*?)\n```"


@dataclass(frozen=True)
class Prompt:
    """A request of the engine, read; `is_marked` tells whether it is one at all.

    `node` and `tools` come with a node to staff, `outputs` with a node's work to do, `done`, `results` and `breadth`
    (how many follow-up tasks there may be) with a review.
    """

    goal: str
    is_marked: bool
    node: Json | None = None
    tools: tuple[Json, ...] = ()
    outputs: tuple[Json, ...] = ()
    done: tuple[str, ...] = ()
    results: Json | None = None
    breadth: int = 0

    @property
    def asks_for(self) -> str | None:
        """The name of the schema that fits, for a request that names none."""
        if not self.is_marked:
            return None
        if self.outputs:
            return "node_result"
        if self.results is not None:
            return "workflow_review"
        return "node_agents" if self.node else "workflow_plan"


def read_prompt(request: ChatRequest) -> Prompt:
    """The goal and its company out of the first user message; without tags the last user message is the goal."""
    first = next((message.text for message in request.messages if message.role == "user"), "")
    if outputs := _outputs(first):
        inputs = inputs_of(first)
        return Prompt(inputs[0] if inputs else first, is_marked=True, outputs=outputs)
    goal = _GOAL.search(first)
    if goal is None:
        return Prompt(request.last_user_text, is_marked=False)
    rest = first[goal.end() :]
    node, results, limits = (json_section(title, rest) for title in ("Node", "Results", "Limits"))
    breadth = limits.get("follow_ups") if isinstance(limits, dict) else None
    return Prompt(
        goal=goal[1],
        is_marked=True,
        node=node if isinstance(node, dict) and isinstance(node.get("name"), str) else None,
        tools=objects(json_section("Tools", rest)),
        done=tuple(str(task["name"]) for task in objects(json_section("Sub-tasks", rest)) if "name" in task),
        results=results if isinstance(results, dict) else None,
        breadth=breadth if isinstance(breadth, int) else 0,
    )


def inputs_of(text: str) -> list[str]:
    """What stands between `<input>` and `</input>` in an agent's prompt."""
    return [found.strip() for found in _INPUT.findall(text)]


def _outputs(text: str) -> tuple[Json, ...]:
    """The outputs that end an agent's prompt. Only at its end: in between, inputs may hold anything."""
    start = text.rfind("\n## Outputs\n")
    if start < 0 or not text.rstrip().endswith("```"):
        return ()
    listed = objects(json_section("Outputs", text[start:]))
    return tuple(one for one in listed if isinstance(one.get("name"), str))


def objects(listed: Any) -> tuple[Json, ...]:
    """The objects of a list; none of anything else."""
    return tuple(one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()


def has_feedback(request: ChatRequest) -> bool:
    return any(message.role == "user" and message.text.startswith(FEEDBACK) for message in request.messages)


def json_section(title: str, text: str) -> Any:
    """The value in a fenced section; None where there is none."""
    found = re.search(_SECTION.format(title=title), text, re.MULTILINE | re.DOTALL)
    if found is None:
        return None
    try:
        return json.loads(found[1])
    except ValueError:
        return None
