"""What an endpoint refuses, and how to ask again without it.

Endpoints that call themselves OpenAI-compatible differ in which fields they take, as do OpenAI's own models.
Each concession takes one field out of the way when a refusal (400 or 422) names that field.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from openai import APIStatusError

Body = dict[str, Any]


@dataclass(frozen=True)
class Concession:
    """One thing given up: told as `reason`, offered when a refusal mentions one of the words."""

    reason: str
    words: tuple[str, ...]
    apply: Callable[[Body], Body]
    """The body without it; the same body when it has nothing to give up."""


def _without(field: str, body: Body) -> Body:
    return {key: value for key, value in body.items() if key != field}


def _renamed(old: str, new: str, body: Body) -> Body:
    return _without(old, body) | {new: body[old]} if old in body else body


def _json_mode(body: Body) -> Body:
    asks_schema = body.get("response_format", {}).get("type") == "json_schema"
    return body | {"response_format": {"type": "json_object"}} if asks_schema else body


def _drop(field: str) -> Concession:
    return Concession(f"the endpoint refuses {field}; asked without it", (field,), partial(_without, field))


_FORMAT_WORDS: Final = (
    "response_format", "response_schema", "json_schema", "json_object", "structured output", "json mode",
)  # fmt: skip

ALL: Final = (
    Concession("the endpoint refuses json_schema; asked in JSON mode", _FORMAT_WORDS, _json_mode),
    Concession(
        "the endpoint refuses JSON mode; asked for plain text",
        _FORMAT_WORDS,
        partial(_without, "response_format"),
    ),
    Concession(
        "the model wants max_completion_tokens instead of max_tokens",
        ("max_tokens",),
        partial(_renamed, "max_tokens", "max_completion_tokens"),
    ),
    Concession(
        "the model wants max_tokens instead of max_completion_tokens",
        ("max_completion_tokens",),
        partial(_renamed, "max_completion_tokens", "max_tokens"),
    ),
    *map(_drop, ("stream_options", "temperature", "top_p", "reasoning_effort")),
)
"""In the order in which they are tried. Without `stream_options` tokens stay unknown, and events say so."""


def applied(body: Body, concessions: Iterable[Concession]) -> Body:
    """The body after all of them."""
    for concession in concessions:
        body = concession.apply(body)
    return body


def offer(error: Exception, body: Body, taken: tuple[Concession, ...]) -> Concession | None:
    """What to give up next after this refusal, or None if that would not help."""
    if not isinstance(error, APIStatusError) or error.status_code not in (400, 422):
        return None
    refusal = (error.param or f"{error.message} {json.dumps(error.body, default=str)}").lower()
    for concession in ALL:
        mentioned = any(word in refusal for word in concession.words)
        if mentioned and concession not in taken and concession.apply(body) != body:
            return concession
    return None
