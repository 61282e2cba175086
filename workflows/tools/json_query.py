"""A part of a JSON document, by a path: what there is of it, and no program in the path."""

import json
import re
from typing import Any, Final

from workflows.engine.tools import Arguments, Tool, ToolContext, ToolFailed
from workflows.tools.texts import SOURCE, source_of

MAX_STEPS: Final = 50
MAX_FOUND: Final = 1_000

_STEP: Final = re.compile(
    r"""\.?(?P<name>[^.\[\]"'*\s]+)|\[(?P<index>-?\d{1,9})\]|\[(?P<quote>["'])(?P<key>.*?)(?P=quote)\]|\.?(?P<all>\*)|(?P<each>\[\*\])"""
)

Step = str | int | None
"""A name, a place in a list, or all of them."""


async def _query(arguments: Arguments, context: ToolContext) -> Any:
    text = await source_of(arguments, context)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ToolFailed("That is no valid JSON.") from None
    steps = steps_of(arguments.get("path", ""))
    found = select(document, steps)
    if None in steps:
        return {"count": len(found), "values": found[:MAX_FOUND]}
    if not found:
        raise ToolFailed(f"There is nothing at that path. {_there(document)}")
    return found[0]


def steps_of(path: str) -> list[Step]:
    """`orders[0].items[*].name`, also with a `$` in front. Raises `ToolFailed`."""
    rest = path.strip().removeprefix("$")
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        match = _STEP.match(rest, at)
        if match is None or len(steps) == MAX_STEPS:
            raise ToolFailed(
                f"The path cannot be read from {rest[at : at + 20]!r} on. Write it like orders[0].items[*].name, and "
                'a name with other characters like ["a name"].'
            )
        at = match.end()
        if match["all"] or match["each"]:
            steps.append(None)
        elif match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(match["key"] if match["key"] is not None else match["name"])
    return steps


def select(document: Any, steps: list[Step]) -> list[Any]:
    """What stands at the end of the steps."""
    found = [document]
    for step in steps:
        found = [inner for value in found for inner in _inside(value, step)]
    return found


def _inside(value: Any, step: Step) -> list[Any]:
    match step, value:
        case None, list():
            return value
        case None, dict():
            return list(value.values())
        case int(), list() if -len(value) <= step < len(value):
            return [value[step]]
        case str(), dict() if step in value:
            return [value[step]]
    return []


def _there(document: Any) -> str:
    if isinstance(document, dict):
        return (
            f"The document is an object with {', '.join(str(name)[:60] for name in list(document)[:30]) or 'nothing'}."
        )
    if isinstance(document, list):
        return f"The document is a list of {len(document)}."
    return "The document is a single value."


JSON_QUERY: Final = Tool(
    name="json_query",
    description="Takes a part out of a JSON text or a JSON file by its path, such as orders[0].items[*].name; [*] "
    "stands for all of a list.",
    call=_query,
    parameters={
        "type": "object",
        "properties": {**SOURCE, "path": {"type": "string", "maxLength": 500, "description": "Empty: all of it."}},
        "additionalProperties": False,
    },
    timeout_s=10,
)
