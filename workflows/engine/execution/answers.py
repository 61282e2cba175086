"""What an agent answers: one value for each output of its node, asked for as JSON, read also from headings.

The schema is strict where every output is a string, a number or a boolean. Strict mode demands that all properties
of an object are named, which nobody knows of an `object` or an `array` here; with one of these the schema is sent
as a hint (`strict: false`), and what comes is checked by us as anything else is. Endpoints that refuse such a schema
are asked in JSON mode (`concessions.py`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from workflows.engine.llm.replies import Rejected, json_object
from workflows.engine.llm.structured import Format
from workflows.engine.text import cut
from workflows.engine.values import Misfit, fitted, size_of
from workflows.exceptions import ModelUnusable

THOUGHT: Final = "thought"
"""Where the model reasons before it writes results: a property of the reply, unless an output has that name."""

MAX_RESULT_BYTES: Final = 1_000_000
"""Of one node. Whatever takes the result has to fit it into a prompt."""

MAX_RESULTS_BYTES: Final = 10_000_000
"""Of all nodes together: they are held in memory, and the task's last event has all of them."""

LESS: Final = "Ask for less in the agent's prompt, or split the workflow."

Parameter = Mapping[str, Any]

_LOOSE: Final = frozenset({"object", "array"})


def node_format(outputs: Sequence[Parameter]) -> Format:
    """The schema `node_result` for these outputs."""
    properties: dict[str, Any] = {THOUGHT: {"type": "string", "description": "A short line of reasoning."}}
    for output in outputs:
        properties[output["name"]] = _property(output)
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return Format("node_result", schema, strict=not any(output["type"] in _LOOSE for output in outputs))


def node_reader(outputs: Sequence[Parameter]) -> Callable[[str], dict[str, Any]]:
    """Reads a reply into `{output: value}`, every value of its type; null where an optional one is not given.

    The reader raises `Rejected` with what the model can mend, and `ModelUnusable` for a result that is too large.
    """

    def read(text: str) -> dict[str, Any]:
        said = _said(text, [output["name"] for output in outputs])
        values: dict[str, Any] = {}
        problems = []
        for output in outputs:
            try:
                values[output["name"]] = _value(said, output)
            except Misfit as misfit:
                problems.append(f"the output '{cut(output['name'], 80)}' {misfit.reason}")
        if problems:
            raise Rejected(problems)
        if (size := size_of(values)) > MAX_RESULT_BYTES:
            raise ModelUnusable(f"The result has {size:,} bytes, and {MAX_RESULT_BYTES:,} is the most. {LESS}")
        return values

    return read


class Room:
    """What the results of one execution may still take up."""

    def __init__(self, limit: int = MAX_RESULTS_BYTES) -> None:
        self._limit = limit
        self._taken = 0

    def take(self, values: Mapping[str, Any]) -> None:
        """Keep these results. Raises `ModelUnusable` if they are too much, with those that were kept before."""
        size = size_of(values)
        if self._taken + size > self._limit:
            raise ModelUnusable(
                f"With its result the results of the workflow have {self._taken + size:,} bytes together, "
                f"and {self._limit:,} is the most. {LESS}"
            )
        self._taken += size


def _property(output: Parameter) -> dict[str, Any]:
    type_ = output["type"]
    described = {"type": type_ if output["required"] else [type_, "null"]}
    if type_ == "array":
        described["items"] = {}
    if output["description"]:
        described["description"] = output["description"]
    return described


def _said(text: str, names: Sequence[str]) -> Mapping[str, Any]:
    """The reply by output: its JSON object, or what stands under its headings.

    The headings win if the JSON holds none of the outputs: it is then a part of what stands under one of them.
    """
    try:
        found = json_object(text)
    except Rejected:
        sections = _sections(text, names)
        if not sections:
            raise
        return sections
    return found if any(name in found for name in names) else _sections(text, names) or found


def _sections(text: str, names: Sequence[str]) -> dict[str, str]:
    """`## name` headings, alone on their lines, as agents' prompts ask for them: name → what stands below."""
    by_folded = {name.lower(): name for name in (THOUGHT, *names)}
    heading = re.compile(r"^[ \t]*#{1,6}[ \t]+[*`]{0,2}(\w+)[*`:]{0,3}[ \t]*$", re.MULTILINE)
    marks = [mark for mark in heading.finditer(text) if mark[1].lower() in by_folded]
    found: dict[str, str] = {}
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(text)
        found.setdefault(by_folded[mark[1].lower()], text[mark.end() : end].strip())
    return found if any(name in found for name in names) else {}


def _value(said: Mapping[str, Any], output: Parameter) -> Any:
    value = said.get(output["name"])
    if value is None:
        if output["required"]:
            raise Misfit("is missing; give it its value" if output["name"] not in said else "is null; give it a value")
        return None
    return fitted(value, output["type"])
