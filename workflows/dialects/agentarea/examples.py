"""Bodies of requests, for the description."""

from typing import Any, Final

AGENTS: Final[dict[str, Any]] = {
    "An agent": {
        "name": "Accountant",
        "instruction": "You answer questions about numbers. Compute, do not guess.",
        "model_id": "gpt-4",
        "tools_config": {"builtin_tools": [{"tool_name": "calculator"}]},
    },
}
CHANGES: Final[dict[str, Any]] = {
    "It plans": {"planning": True},
}
TASKS: Final[dict[str, Any]] = {
    "A task": {
        "description": "What is (17 + 4) * 2?",
        "parameters": {"enable_streaming": True, "max_iterations": 10, "budget_usd": 1.0},
    },
}
QUERIES: Final[dict[str, Any]] = {
    "The next question": {"query": "And twice that?", "enable_streaming": True},
}
