"""The values that flow between nodes: whether they have the type that was declared, and how they stand in a text."""

import json
import math
import re
from typing import Any, Final

from workflows.engine.text import cut, scrub

MAX_DEPTH: Final = 50
"""Of lists and objects in one another; what is deeper is no result but an accident."""

_INTEGER: Final = re.compile(r"-?\d{1,18}")
_NUMBER: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?")
_FENCE: Final = re.compile(r"\s*```[a-zA-Z]*\n(.*?)\n?```\s*", re.DOTALL)
_INPUT_END: Final = re.compile(r"<\s*/\s*input\s*>", re.IGNORECASE)

_ARTICLES: Final = {"integer": "an", "object": "an", "array": "an"}


class Misfit(Exception):
    """A value that does not have its type. `reason` ends a sentence that begins with the value's name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def fitted(value: Any, type_: str) -> Any:
    """The value as its type; a text is taken for what it spells, if it does so exactly. Raises `Misfit`."""
    match type_, value:
        case "string", str():
            return scrub(value)
        case "string", bool():
            return json.dumps(value)
        case "string" | "integer", int() if not isinstance(value, bool):
            return value if type_ == "integer" else str(value)
        case "integer", float() if math.isfinite(value) and value.is_integer():
            return int(value)
        case "string" | "number", float() if math.isfinite(value):
            return value if type_ == "number" else json.dumps(value)
        case "number", int() if not isinstance(value, bool):
            return value
        case "boolean", bool():
            return value
        case "object", dict():
            return _clean(value)
        case "array", list():
            return _clean(value)
        case _, str() if type_ != "string":
            return _spelled(value, type_)
    raise Misfit(f"must be {_a(type_)}, not {_kind_of(value)}")


def as_text(value: Any) -> str:
    """The value as it stands between `<input>` and `</input>` in a prompt, which it cannot end."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _INPUT_END.sub("< /input>", text)


def size_of(value: Any) -> int:
    """Bytes as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode())


def _spelled(text: str, type_: str) -> Any:
    """What a text spells out."""
    word = text.strip()
    if type_ == "integer" and _INTEGER.fullmatch(word):
        return int(word)
    if type_ == "number" and _NUMBER.fullmatch(word) and math.isfinite(number := json.loads(_no_leading_zeros(word))):
        return number
    if type_ == "boolean" and word.lower() in {"true", "false"}:
        return word.lower() == "true"
    if type_ in {"object", "array"}:
        fence = _FENCE.fullmatch(text)
        try:
            value = json.loads(fence[1] if fence else text, strict=False)
        except (ValueError, RecursionError):
            raise Misfit(f"must be {_a(type_)}, not a text that is no JSON ({cut(word, 40)!r})") from None
        if isinstance(value, dict if type_ == "object" else list):
            return _clean(value)
        raise Misfit(f"must be {_a(type_)}, not {_kind_of(value)}")
    raise Misfit(f"must be {_a(type_)}, not the text {cut(word, 40)!r}")


def _no_leading_zeros(number: str) -> str:
    """JSON knows no `007`, people do."""
    return re.sub(r"^(-?)0+(?=\d)", r"\1", number)


def _clean(value: Any, depth: int = 1) -> Any:
    """A list or object with storable texts in it. Raises `Misfit` for what JSON or the rows cannot hold."""
    if depth > MAX_DEPTH:
        raise Misfit(f"is nested more than {MAX_DEPTH} deep; make it flatter")
    match value:
        case str():
            return scrub(value)
        case list():
            return [_clean(item, depth + 1) for item in value]
        case dict():
            return {scrub(str(key)): _clean(item, depth + 1) for key, item in value.items()}
        case float() if not math.isfinite(value):
            raise Misfit("holds a number that is none (NaN or infinity); give a real one or null")
    return value


def _kind_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
    return "an object"


def _a(type_: str) -> str:
    return f"{_ARTICLES.get(type_, 'a')} {type_}"
