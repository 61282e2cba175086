"""The instructions for the model, one file each, and the layout of what it is given to work on.

The demo model parses this layout; it is described in `evoserver/demo_model/`.
"""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

_GOAL_END: Final = re.compile(r"<\s*/\s*goal\s*>", re.IGNORECASE)


def _instructions(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8").strip()


PLAN: Final = _instructions("plan.md")
AGENTS: Final = _instructions("agents.md")
NODE: Final = _instructions("node.md")
REVIEW: Final = _instructions("review.md")


def goal_section(goal: str) -> str:
    """The goal as data: it cannot end its own section."""
    return f"## Goal\n<goal>\n{_GOAL_END.sub('< /goal>', goal)}\n</goal>"


def json_section(title: str, value: dict[str, Any] | Sequence[dict[str, Any]]) -> str:
    """A value as data, in a fenced block. JSON strings hold no line breaks: none can end the fence."""
    return f"## {title}\n```json\n{json.dumps(value, ensure_ascii=False, indent=2)}\n```"
