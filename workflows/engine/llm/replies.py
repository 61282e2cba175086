"""From the text of a reply to what it says, or to the problems that a model can mend."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from workflows.engine.shapes import Shape
from workflows.engine.text import cut

S = TypeVar("S", bound=Shape)

MAX_PROBLEMS: Final = 20
MAX_PROBLEM_CHARS: Final = 300
# Each stray brace in the prose before a JSON block costs one more pass over the text.
MAX_STRAY_BRACES: Final = 5

_OBJECT_START: Final = re.compile(r'\{\s*"')
_MARKS: Final = re.compile(r'\\.|["{}]', re.DOTALL)


class Rejected(Exception):
    """A reply that cannot be used. Its problems are sentences, as many and as long as an event can carry."""

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__("the reply is not valid")
        self.problems = [cut(problem, MAX_PROBLEM_CHARS) for problem in islice(problems, MAX_PROBLEMS)]


def parse(text: str, shape: type[S]) -> S:
    """What the reply says. Raises `Rejected` when it is no JSON object or not of this shape."""
    try:
        return shape.model_validate(json_object(text))
    except ValidationError as error:
        raise Rejected(_sentence(e["loc"], e["msg"]) for e in error.errors(include_url=False)) from None


def json_object(text: str) -> dict[str, Any]:
    """The reply as a JSON object: all of it, or the last balanced block of it that is one.

    Raises `Rejected`. Line breaks inside strings are let through, since small models write them.
    """
    blocks = list(_blocks(text))
    for candidate in (text, *reversed(blocks)):
        with suppress(ValueError, RecursionError):
            value = json.loads(candidate, strict=False)
            if isinstance(value, dict):
                return value
    raise Rejected([_what_is_broken(blocks[-1] if blocks else text)])


def _blocks(text: str) -> Iterator[str]:
    """The outermost balanced `{…}` blocks, in order. A stray brace is skipped, but half an object ends them."""
    start = text.find("{")
    for _ in range(MAX_STRAY_BRACES):
        while start >= 0 and (end := _closing(text, start)) is not None:
            yield text[start : end + 1]
            start = text.find("{", end)
        if start < 0 or _OBJECT_START.match(text, start):
            return
        start = text.find("{", start + 1)


def _closing(text: str, start: int) -> int | None:
    """Where the block that opens at `start` closes; braces inside JSON strings do not count."""
    depth, quoted = 0, False
    for mark in _MARKS.finditer(text, start):
        match mark[0]:
            case '"':
                quoted = not quoted
            case "{" if not quoted:
                depth += 1
            case "}" if not quoted:
                depth -= 1
                if depth == 0:
                    return mark.start()
    return None


def _what_is_broken(text: str) -> str:
    order = "reply with one complete JSON object and nothing else"
    try:
        json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        near = text[max(error.pos - 20, 0) : error.pos + 20]
        return f"the reply is no valid JSON ({error.msg.lower()} near {near!r}); {order}"
    except (ValueError, RecursionError):
        return f"the reply holds a number or a nesting without end; {order}"
    return f"the reply is no JSON object; {order}"


def _sentence(loc: tuple[int | str, ...], message: str) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    return f"{place or 'the reply'}: {message[:1].lower()}{message[1:]}"
