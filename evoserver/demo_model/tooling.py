"""Which tools the demo model calls: those that a text asks for by what stands in it, with arguments out of it.

An arithmetic expression is for `calculator`, a URL for `fetch`, a SELECT for `sql_query`, "today" for `date_time`; any
other tool is called where the text names it.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from evoserver.demo_model.chat import ChatRequest, Json
from evoserver.demo_model.faults import Faults
from evoserver.demo_model.instances import make_instance
from evoserver.demo_model.words import content_words, shorten, split_words, stems

MAX_READ: Final = 20_000
MAX_CALLS: Final = 4
"""Of one kind at once."""

_URL: Final = re.compile(r"https?://[^\s<>\"'`)\]}]+")
_DATE: Final = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_OPERAND: Final = r"\(*\s*-?\d+(?:\.\d+)?\s*\)*"
_EXPRESSION: Final = re.compile(rf"(?<![\w./-]){_OPERAND}(?:\s*(?:\*\*|[-+*/×÷^%])\s*{_OPERAND})+(?![\w/-])")
_SELECT: Final = re.compile(r"\bSELECT\s[^;`]+", re.IGNORECASE)
_TIMELY: Final = re.compile(r"\b(?:today|weekday|(?:what|current) (?:time|date|day))\b", re.IGNORECASE)
_RESULT: Final = re.compile(r"\A<tool_result>\n(.*)\n</tool_result>\Z", re.DOTALL)

Wanted = tuple[str, Json]
"""A tool's name, and arguments for it."""


def wanted_calls(request: ChatRequest, faults: Faults) -> list[Wanted]:
    """What is called now; nothing where it is time to answer."""
    first = request.tools[0]
    rounds = request.tool_rounds
    wanted: list[Wanted] = []
    if "tool-loop" in faults:
        wanted = [(first["name"], _instance(first, request))]
    elif "tool-unknown" in faults and rounds == 0:
        wanted = [("no_such_tool", {})]
    elif "tool-bad-arguments" in faults and rounds == 0:
        wanted = [(first["name"], {"nonsense": [1, 2, 3]})]
    elif rounds == (1 if {"tool-unknown", "tool-bad-arguments"} & set(faults.names) else 0):
        insists = request.tool_choice == "required" or isinstance(request.tool_choice, dict) or "tools" in faults
        found = insisted_on(request, request.tools) if insists else []
        wanted = found or asked_for(request.first_user_text, request.tools)
    return wanted


def as_calls(request: ChatRequest, wanted: Sequence[Wanted]) -> tuple[Json, ...]:
    """The calls as a reply has them."""
    return tuple(
        {
            "id": f"call_demo_{request.digest[:12]}{number or ''}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)},
        }
        for number, (name, arguments) in enumerate(wanted)
    )


def asked_for(text: str, tools: Sequence[Json]) -> list[Wanted]:
    """The tools that a text asks for."""
    work = text[:MAX_READ]
    bare = _DATE.sub(" ", _URL.sub(" ", work))
    found: list[Wanted] = []
    for tool in tools:
        name = str(tool.get("name", ""))
        match name:
            case "calculator":
                expressions = (match[0].strip() for match in _EXPRESSION.finditer(bare))
                found += _several(name, "expression", (e for e in expressions if e.count("(") == e.count(")")))
            case "fetch":
                found += _several(name, "url", (match[0].rstrip(".,;:!?") for match in _URL.finditer(work)))
            case "sql_query":
                found += _several(name, "query", (match[0].strip() for match in _SELECT.finditer(work)))
            case "date_time":
                dates = _DATE.findall(work)
                found += _several(name, "date", dates) if dates else [(name, {})] if _TIMELY.search(bare) else []
            case _ if re.search(rf"\b{re.escape(name)}\b", work):
                parameters = tool.get("parameters")
                words = content_words(split_words(shorten(work, 2_000)))[:8]
                found.append((name, make_instance(parameters, words) if isinstance(parameters, dict) else {}))
    return found


def matching_tools(work: str, goal: str, tools: Sequence[Json]) -> list[str] | None:
    """The tools for an agent: those that the goal asks for, those whose name the work holds, and those whose
    description shares three words with it."""
    wanted = stems(content_words(split_words(work.replace("_", " "))))
    asked = {name for name, _ in asked_for(goal, tools)}
    matching = []
    for tool in tools:
        name = str(tool.get("name", ""))
        in_name = stems(content_words(split_words(re.sub(r"[_.-]", " ", name))))
        in_description = stems(content_words(split_words(str(tool.get("description", "")))))
        if name in asked or (in_name and in_name <= wanted) or len(in_description & wanted) > 2:
            matching.append(name)
    return matching or None


def results_of(request: ChatRequest, limit: int = 200) -> list[str]:
    """What the tools gave, a line each, of at most so many characters."""
    texts = [message.text for message in request.messages if message.role == "tool"]
    return [result_in(text, limit) for text in texts]


def result_in(text: str, limit: int = 200) -> str:
    """What a tool's message says, in a line."""
    return shorten(found[1] if (found := _RESULT.match(text)) else text, limit)


def insisted_on(request: ChatRequest, tools: Sequence[Json]) -> list[Wanted]:
    """The first of the tools, or the one that the request names; none of none."""
    choice = request.tool_choice
    chosen = choice.get("function") if isinstance(choice, dict) else None
    name = chosen.get("name") if isinstance(chosen, dict) else None
    tool = next((tool for tool in tools if tool["name"] == name), next(iter(tools), None))
    return [(tool["name"], _instance(tool, request))] if tool else []


def _instance(tool: Json, request: ChatRequest) -> Any:
    parameters = tool.get("parameters")
    words = content_words(split_words(shorten(request.last_user_text, 2_000)))[:8]
    return make_instance(parameters, words) if isinstance(parameters, dict) and parameters else {}


def _several(name: str, argument: str, values: Any) -> list[Wanted]:
    return [(name, {argument: value}) for value in list(dict.fromkeys(values))[:MAX_CALLS]]
