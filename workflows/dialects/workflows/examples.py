"""Examples of requests, for the description."""

from typing import Any, Final

EXAMPLES: Final[dict[str, Any]] = {
    "Tasks": {
        "name": "Research AI in Healthcare",
        "tasks": [
            {"name": "plan", "description": "Plan the research"},
            {"name": "research_diagnostics", "depends_on": ["plan"], "retries": 1, "timeout_seconds": 60},
            {"name": "synthesize", "prompt": "Write a report of one page.", "depends_on": ["research_diagnostics"]},
        ],
        "config": {"breadth": 3, "depth": 5},
    },
    "Planned from its name when it is executed": {"name": "Compare three kinds of tea", "tasks": []},
}

CHANGES: Final[dict[str, Any]] = {"Another depth": {"config": {"depth": 2}}}

INPUTS: Final[dict[str, Any]] = {
    "Nothing to add": {},
    "A model and a timeout": {"llm_config": {"model": "gpt-4o-mini"}, "timeout": 600},
}

RETRIES: Final[dict[str, Any]] = {
    "What failed, and what follows": {},
    "A task again with what follows it": {"nodes": ["synthesize"]},
}
