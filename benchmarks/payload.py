"""The events that are sent, of the same size for all servers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MARK = "~"
"""Stands once in each event and nowhere else in a response, so that counting frames is counting a byte."""

TASK_ID = "01234567-89ab-4cde-8f01-23456789abcd"
SENTENCE = "Choosing agents for collect_points"


def stamp(due: float) -> str:
    """When an event was due, in seconds since 1970: what its latency is measured from, and its name."""
    return f"{due:.6f}"


def progress(due: float) -> dict[str, Any]:
    return {"progress": 42, "current_state": SENTENCE, "at": stamp(due), "mark": MARK}


def text(due: float) -> dict[str, Any]:
    return {"call": "plan/1", "stage": "plan", "node": None, "text": SENTENCE, "at": stamp(due), "mark": MARK}


def whole_event(number: int, due: float) -> Mapping[str, Any]:
    """What the native API makes of `progress`, for servers that have no rows to make it from."""
    return {
        "seq": number,
        "kind": "task.progress",
        "task_id": TASK_ID,
        "session_id": None,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": progress(due),
    }
