"""Keeps an event's data under its limit."""

import json
from collections.abc import Mapping
from typing import Any

from workflows.events import MAX_DATA_BYTES

STRING_CHARACTERS = 2_000
LIST_ITEMS = 100


def bounded(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data itself while it fits; else with long texts and lists cut, and marked so."""
    if _fits(data):
        return dict(data)
    cut: dict[str, Any] = {**_cut(dict(data), STRING_CHARACTERS, LIST_ITEMS), "truncated": True}
    if _fits(cut):
        return cut
    return {**_cut(dict(data), 200, 10), "truncated": True}


def _fits(data: Mapping[str, Any]) -> bool:
    return len(json.dumps(data, ensure_ascii=False).encode()) < MAX_DATA_BYTES


def _cut(value: Any, characters: int, items: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= characters else value[:characters] + "…"
    if isinstance(value, list):
        return [_cut(item, characters, items) for item in value[:items]]
    if isinstance(value, dict):
        return {name: _cut(item, characters, items) for name, item in list(value.items())[:items]}
    return value
