"""What a person says, as calls of commands: by their names and schemas, whatever they are.

"create a todo to buy milk" begins with the verb of `create_todo` and names its object; what is left is its text.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from evoserver.demo_model.chat import ChatRequest, Json
from evoserver.demo_model.tooling import Wanted
from evoserver.demo_model.words import DETERMINERS, shorten, split_words, stem, vocabulary
from evoserver.demo_model.writer import MARK

ASK_BACK: Final = "ask_back"
"""The tool by which an assistant asks a person for what is missing."""
MAX_READ: Final = 2_000
SHORT: Final = 4
"""Words of a text that says no more than a verb and which one: "complete the first"."""

_POLITE: Final = vocabulary(
    "please can could would will you i we want need like to let us now also and then kindly just new it"
)
_JOINING: Final = vocabulary("item to that says saying called named for about on with of as is into should be : -")
_SYNONYMS: Final = {
    "add": "create", "make": "create", "put": "create", "show": "list", "display": "list",
    "finish": "complete", "check": "complete", "tick": "complete", "remove": "delete", "drop": "delete",
    "change": "rename", "run": "execute", "start": "execute", "read": "get", "fetch": "get", "find": "search",
}  # fmt: skip
_ORDINALS: Final = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_CLAUSES: Final = re.compile(r";|\band then\b", re.IGNORECASE)
_QUOTED: Final = re.compile(r"[\"“„‘«]([^\"”“’»]+)[\"”“’»]")
_PLACE: Final = re.compile(
    r"\s+(?:to|on|in|onto|from|off)\s+(?:(?:my|the|our)\s+)?(\w+)(?:\s+list)?\W*$", re.IGNORECASE
)
_ASKED: Final = re.compile(r"\ATo ([\w ]+) I need: (\w+)")


def spoken(text: str, tools: Sequence[Json]) -> list[Wanted]:
    """The calls that a text asks for, with such arguments as stand in it."""
    clauses = [clause.strip() for clause in _CLAUSES.split(text[:MAX_READ]) if clause.strip()]
    named = [(tool, clause) for clause in clauses if (tool := _tool_for(clause, tools))]
    return [(tool["name"], _arguments(clause, tool)) for tool, clause in named]


def completed(wanted: Wanted, tools: Sequence[Json]) -> Wanted:
    """With something for each argument that is missing, for an agent that cannot ask."""
    name, arguments = wanted
    stand_ins = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    words = " ".join(name.split("_")[1:]) or name
    missing = {each: stand_ins.get(type_, f"{words} {MARK}") for each, type_ in _missing(name, arguments, tools)}
    return name, {**arguments, **missing}


def is_mapping(request: ChatRequest) -> bool:
    """Whether one command is to be found for what a person says."""
    return any(tool["name"] == ASK_BACK for tool in request.tools)


def mapped(request: ChatRequest) -> list[Wanted]:
    """The call of the one command, or the question for what is missing."""
    commands = [tool for tool in request.tools if tool["name"] != ASK_BACK]
    text = request.last_user_text
    found = spoken(text, commands)[:1] or _answered(request, commands)
    if not found:
        names = ", ".join(str(tool["name"]).replace("_", " ") for tool in commands)
        return [(ASK_BACK, {"question": f"Which of it do you want: {shorten(names, 500)}? {MARK}"})]
    name, arguments = found[0]
    missing = [each for each, _ in _missing(name, arguments, commands)]
    if missing:
        question = f"To {name.replace('_', ' ')} I need: {missing[0]}. What should it be? {MARK}"
        return [(ASK_BACK, {"question": question})]
    return found


def _answered(request: ChatRequest, commands: Sequence[Json]) -> list[Wanted]:
    """The command that was asked about last, with what the person said then and says now."""
    said = [message for message in request.messages if message.role in ("user", "assistant")]
    asked = _ASKED.match(said[-2].text) if len(said) > 2 else None
    tool = next((tool for tool in commands if asked and tool["name"].replace("_", " ") == asked[1]), None)
    if asked is None or tool is None:
        return []
    value = _value(_properties(tool).get(asked[2], {}), request.last_user_text.strip())
    before = _arguments(said[-3].text, tool)
    return [(tool["name"], {**before, **({} if value is None else {asked[2]: value})})]


def _tool_for(clause: str, tools: Sequence[Json]) -> Json | None:
    words = [word.lower() for word in split_words(clause)]
    verb = next((_base(word) for word in words if word not in _POLITE), "")
    able = [tool for tool in tools if verb and verb in _verbs(tool)]
    there = {stem(word) for word in words}
    fitting = [tool for tool in able if _nouns(tool) and _nouns(tool) <= there]
    if fitting:
        return max(fitting, key=lambda tool: len(_nouns(tool)))
    sharing = [tool for tool in able if _nouns(tool) & there or len(words) <= SHORT]
    return sharing[0] if len(sharing) == 1 else None


def _verbs(tool: Json) -> set[str]:
    described = split_words(str(tool.get("description", "")))
    first = stem(described[0].lower()) if described else ""
    return {_base(_parts(tool)[0]), *([first] if first == "execute" else [])}


def _base(word: str) -> str:
    return _SYNONYMS.get(word, word)


def _parts(tool: Json) -> list[str]:
    return re.split(r"[_.-]+", str(tool["name"]).lower())


def _nouns(tool: Json) -> set[str]:
    return {stem(part) for part in _parts(tool)[1:]}


def _arguments(clause: str, tool: Json) -> Json:
    """Those of its required arguments for which something stands in the clause."""
    said = _rest(clause, tool)
    found = {name: _value(_properties(tool).get(name, {}), clause, said) for name in _required(tool)}
    return {name: value for name, value in found.items() if value is not None}


def _value(schema: Json, text: str, said: str | None = None) -> Any:
    """What a text gives for an argument; `said` is it without the words that only name the command."""
    match schema.get("type", "string"):
        case "integer" | "number":
            number = re.search(r"\d{1,9}", text)
            ordinal = next((word for word in split_words(text.lower()) if word in _ORDINALS), None)
            return int(number[0]) if number else _ORDINALS.index(ordinal) + 1 if ordinal else None
        case "string":
            quoted = _QUOTED.search(text)
            return (quoted[1] if quoted else text if said is None else said)[
                : schema.get("maxLength", MAX_READ)
            ] or None
        case "boolean":
            return True
    return None


def _rest(clause: str, tool: Json) -> str:
    """The clause from where it no longer only says which command it is about."""
    naming = {*_POLITE, *DETERMINERS, *_ORDINALS, *map(stem, _parts(tool))}
    tokens = clause.split()
    place, has_verb = 0, False
    while place < len(tokens):
        word = tokens[place].strip(",.:;!?#-").lower()
        is_verb = not has_verb and _base(word) in _verbs(tool)
        if not (is_verb or word in naming or stem(word) in naming or word.isdigit() or (has_verb and word in _JOINING)):
            break
        has_verb = has_verb or is_verb
        place += 1
    rest = " ".join(tokens[place:])
    ending = _PLACE.search(rest)
    return rest[: ending.start()] if ending and stem(ending[1].lower()) in {*_nouns(tool), "list"} else rest


def _missing(name: str, arguments: Json, tools: Sequence[Json]) -> list[tuple[str, str]]:
    """The required arguments that are not there, each with its type."""
    tool = next(tool for tool in tools if tool["name"] == name)
    left = [each for each in _required(tool) if each not in arguments]
    return [(each, str(_properties(tool).get(each, {}).get("type", "string"))) for each in left]


def _required(tool: Json) -> list[str]:
    return list((tool.get("parameters") or {}).get("required", ()))


def _properties(tool: Json) -> Json:
    properties: Json = (tool.get("parameters") or {}).get("properties", {})
    return properties
