"""Faults by model name: `demo-<fault>`, several joined by `+`, as in `demo-slow-5s+429`.

| model | what it does |
|---|---|
| any other name | answers at once, correctly |
| **Refusals**: each distinct request is refused once, then served; with `-always`, every time | |
| `demo-429` | 429, `Retry-After: 1` |
| `demo-500`, `demo-503` | the status of that name |
| `demo-cut` | the connection closes in the middle of the answer, without `[DONE]` |
| **Bad replies**: until a user message begins `Your last reply was not valid:`; with `-always`, every time | |
| `demo-dirty-json` | JSON in prose and a code fence, with a trailing comma |
| `demo-bad-json` | JSON that ends too early |
| `demo-wrong-schema` | JSON that breaks the schema and the rules of a plan |
| `demo-length` | half of the reply, `finish_reason: "length"` |
| **Conditions**: always | |
| `demo-slow`, `demo-slow-5s` | 0.3 s of silence, then a slow reply; with seconds: one reply spread over them |
| `demo-hang` | accepts and never answers |
| `demo-401` | `invalid_api_key` |
| `demo-no-json-schema` | 400 for `response_format` json_schema; json_object works |
| `demo-no-response-format` | 400 for both; the JSON stands in a fence in the text |
| `demo-refuse` | a refusal instead of content |
| `demo-tools` | calls the first tool on offer until a tool's result is there |
| `demo-tool-loop` | calls the first tool on offer for as long as there is one |
| `demo-tool-unknown`, `demo-tool-bad-arguments` | first calls a tool that there is not, or one with wrong arguments |
| `demo-big` | 10 MB of blanks before the reply |
| `demo-nul` | NUL and lone surrogates in the texts |
| `demo-flood` | one character a chunk, 1,200 of them at least, as fast as they go |

What was refused once is remembered by the request's digest (messages, model, schema name), so that concurrent requests
do not disturb each other; `DELETE /calls` forgets it.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from evoserver.demo_model.chat import ChatRequest, Refused
from evoserver.demo_model.prompts import has_feedback

REFUSALS: Final = ("429", "500", "503", "cut")
BAD_REPLIES: Final = ("dirty-json", "bad-json", "wrong-schema", "length")
CONDITIONS: Final = (
    "slow", "hang", "401", "no-json-schema", "no-response-format", "refuse", "tools", "tool-loop", "tool-unknown",
    "tool-bad-arguments", "big", "nul", "flood",
)  # fmt: skip

FIRST_SILENCE: Final = 0.3
SLOW_PACE: Final = 0.05
MAX_REMEMBERED: Final = 100_000

_NAME: Final = re.compile(
    rf"(?P<name>{'|'.join((*REFUSALS, *BAD_REPLIES, *CONDITIONS))})"
    r"(?:-(?P<seconds>\d{1,4}(?:\.\d+)?)s)?(?P<always>-always)?"
)


@dataclass(frozen=True)
class Faults:
    """What is wrong with a model: names of faults, those that never mend, and the seconds of `slow`."""

    names: tuple[str, ...] = ()
    always: frozenset[str] = frozenset()
    seconds: float | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def spoils(self, name: str, request: ChatRequest) -> bool:
        """Whether this bad reply is due for the request."""
        return name in self and (name in self.always or not has_feedback(request))

    def first_pause(self) -> float:
        return FIRST_SILENCE if "slow" in self and self.seconds is None else 0.0

    def pace(self, usual: float, chunks: int) -> float:
        """Seconds before each of so many chunks."""
        if "flood" in self:
            return 0.0
        if "slow" not in self:
            return usual
        return max(usual, SLOW_PACE) if self.seconds is None else self.seconds / max(chunks, 1)


def read_faults(model: str) -> Faults:
    """The faults that a model's name asks for; a name that asks for nothing known has none."""
    if not model.startswith("demo-"):
        return Faults()
    found = [match for part in model.removeprefix("demo-").split("+") if (match := _NAME.fullmatch(part))]
    seconds = [float(match["seconds"]) for match in found if match["seconds"]]
    return Faults(
        names=tuple(match["name"] for match in found),
        always=frozenset(match["name"] for match in found if match["always"]),
        seconds=seconds[0] if seconds else None,
    )


@dataclass
class Once:
    """Which requests met which fault already. Bounded: the oldest are forgotten."""

    met: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)

    def strikes(self, name: str, faults: Faults, request: ChatRequest) -> bool:
        """Whether this refusal is due, which uses it up."""
        if name not in faults:
            return False
        key = (request.digest, name)
        if name not in faults.always and key in self.met:
            return False
        self.met[key] = None
        if len(self.met) > MAX_REMEMBERED:
            self.met.popitem(last=False)
        return True

    def forget(self) -> None:
        self.met.clear()


def refuse_if_due(faults: Faults, request: ChatRequest, once: Once) -> None:
    """Raises `Refused` where the model's name asks for it."""
    if "401" in faults:
        raise Refused(401, "Incorrect API key provided (demo).", code="invalid_api_key")
    refuses_format = {
        "json_schema": "no-json-schema" in faults or "no-response-format" in faults,
        "json_object": "no-response-format" in faults,
    }
    if refuses_format.get(request.format):
        raise Refused(
            400,
            f"Invalid parameter: 'response_format' of type '{request.format}' is not supported with this model.",
            param="response_format",
        )
    if once.strikes("429", faults, request):
        message = f"Rate limit reached for {request.model} (demo). Please try again in 1s."
        raise Refused(429, message, type_="requests", code="rate_limit_exceeded", headers={"Retry-After": "1"})
    for status in ("500", "503"):
        if once.strikes(status, faults, request):
            raise Refused(
                int(status), "The server had an error while processing your request (demo).", type_="server_error"
            )
