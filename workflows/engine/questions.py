"""Questions to people: what is asked, and what was answered."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from workflows.engine.schemas import problems_of
from workflows.engine.text import cut, scrub

APPROVAL: Final = "approval"
INPUT: Final = "input"

NOBODY: Final = "nobody answered in time"
"""The reason of a default."""

MAX_TEXT_CHARS: Final = 2_000
MAX_REASON_CHARS: Final = 2_000
MAX_VALUE_CHARS: Final = 20_000

TEXT: Final[Mapping[str, Any]] = {"type": "string", "minLength": 1, "maxLength": MAX_VALUE_CHARS}


@dataclass(frozen=True)
class Answer:
    """What holds: what a person said, or the default once the deadline has passed.

    `arguments`: of an approval, to be taken instead of those that were shown. `value`: of a question for input, None
    where nobody answered. The defaults are what holds for a question that nobody answers.
    """

    approved: bool = False
    reason: str = ""
    arguments: Mapping[str, Any] | None = None
    value: Any = None

    def to_json(self) -> dict[str, Any]:
        """`Answer(**…)` reads it."""
        return asdict(self)


@dataclass(frozen=True)
class Question:
    """A question for a person. `text`: a sentence. `about`: what is shown with it (tool, arguments and so on).

    `schema`: the JSON Schema of the arguments of an approval, or of the value that is asked for. `default`: what holds
    if nobody answers in time.
    """

    kind: Literal["approval", "input"]
    text: str
    stage: str
    node: str | None
    schema: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    default: Answer = Answer(reason=NOBODY)

    def key(self, place: str) -> str:
        """Its key at a place of the task. What is asked is a part of it: a yes to one thing is none to another."""
        asked = json.dumps([self.kind, self.text, self.arguments, dict(self.about)], sort_keys=True, ensure_ascii=False)
        return f"{place}/{hashlib.sha256(asked.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def answer_problems(kind: str, schema: Mapping[str, Any], answer: Answer) -> list[str]:
    """What is wrong with an answer, as sentences."""
    given = answer.arguments if kind == APPROVAL else answer.value
    if kind == APPROVAL and given is None:
        return []
    return problems_of(schema, given)


def refusal(answer: Answer) -> str:
    """The reason of a no, as it ends a sentence."""
    return f": {cut(scrub(answer.reason), MAX_REASON_CHARS)}" if answer.reason else "."
