"""The envelope of every frame, within its size.

The document's JavaScript splits what it reads by lines, and aiohttp refuses very long ones: a frame is one line of at
most 16 KiB, ASCII.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from workflows.engine.text import MARK
from workflows.models.stream import timestamp

SYSTEM: Final = "System"
"""Who speaks where no agent does."""
MAX_BYTES: Final = 16_000
"""Of an envelope; the rest of the 16 KiB is for `id:`, `data:` and the ends of lines."""


def envelope(event_type: str, at: datetime, agent: str, message: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """With all five keys, and with long texts cut, and marked so, where it would be too large."""
    event = {
        "event_type": event_type,
        "timestamp": timestamp(at),
        "agent_name": agent,
        "message": message,
        "data": dict(data),
    }
    return {"event": event if _size(event) <= MAX_BYTES else _cut(event)}


def _cut(event: dict[str, Any]) -> dict[str, Any]:
    """What is no text of one line is told as the beginning of its JSON, where there is no other way."""
    data = {
        name: _as_text(value) if isinstance(value, (dict, list)) else value for name, value in event["data"].items()
    }
    cut = {**event, "data": {**data, "truncated": True}}
    share = MAX_BYTES // 4
    cut["message"] = fitting(cut["message"], share)
    for name, value in data.items():
        if isinstance(value, str):
            cut["data"][name] = fitting(value, share)
    return cut


def fitting(text: str, size: int) -> str:
    """As much of the text as takes so many bytes in ASCII JSON, with a mark if something is missing."""
    if _size(text) <= size:
        return text
    while _size(text) > size - len(json.dumps(MARK)):
        # A character takes 1 to 12 bytes: a few rounds come close from above.
        text = text[: min(len(text) - 1, len(text) * size // _size(text))]
    return text + MARK


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))
