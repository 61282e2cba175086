"""The instructions for the model, one file each, and the layout of what it is given to work on.

The demo model parses this layout; it is described in `evoserver/demo_model/`.
"""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

_RESULT_END: Final = re.compile(r"<\s*/\s*tool_result\s*>", re.IGNORECASE)
_GOAL_END: Final = re.compile(r"<\s*/\s*goal\s*>", re.IGNORECASE)


def _instructions(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8").strip()


PLAN: Final = _instructions("plan.md")
AGENTS: Final = _instructions("agents.md")
NODE: Final = _instructions("node.md")
REVIEW: Final = _instructions("review.md")
TOOLS: Final = _instructions("tools.md")
"""What is added for an agent that has tools; `{steps}` is how often it may call some."""
THEN_REPLY: Final = "Once you have what you need, reply with the JSON object."
THEN_COMPLETE: Final = "Once you have what you need, call `completion`."
NO_MORE_TOOLS: Final = "You have called tools as often as you may. Reply now with the whole JSON object."
TURN: Final = _instructions("turn.md")
CHECKLIST: Final = _instructions("checklist.md")
LAST_ITERATION: Final = (
    "This is your last iteration. Call `completion` now, with what you have, and say what is missing."
)
"""The demo model knows it by its beginning."""


ASSISTANT: Final = _instructions("assistant.md")
SUMMARY: Final = _instructions("summary.md")
TEAM_MEMBER: Final = _instructions("team_member.md")
"""What every participant of a team is told, after its own instructions; `{name}` is its name."""
TEAM_PLANNER: Final = _instructions("team_planner.md")
"""What is added for the planner; `{termination}` is the word that ends the work."""
TEAM_SELECTOR: Final = _instructions("team_selector.md")


def goal_section(goal: str) -> str:
    """The goal as data: it cannot end its own section."""
    return f"## Goal\n<goal>\n{_GOAL_END.sub('< /goal>', goal)}\n</goal>"


def json_section(title: str, value: dict[str, Any] | Sequence[dict[str, Any]]) -> str:
    """A value as data, in a fenced block. JSON strings hold no line breaks: none can end the fence."""
    return f"## {title}\n```json\n{json.dumps(value, ensure_ascii=False, indent=2)}\n```"


def tool_result(text: str) -> str:
    """What a tool gave, as data: it cannot end its own section."""
    return f"<tool_result>\n{_RESULT_END.sub('< /tool_result>', text)}\n</tool_result>"
