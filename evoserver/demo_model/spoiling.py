"""How replies go bad on request (`faults.py` says which and when)."""

from typing import Any, Final

from evoserver.demo_model.chat import ChatRequest, Json
from evoserver.demo_model.faults import Faults

BIG: Final = 10_000_000
FLOOD: Final = 1_200
DIRT: Final = "\x00\ud800"

_TEXTS: Final = frozenset({"thought", "description", "reason", "text", "answer"})


def spoil_data(data: Json, faults: Faults, request: ChatRequest) -> Json:
    """The reply's JSON with what is wrong in it."""
    if faults.spoils("wrong-schema", request):
        data = _wrong(data)
    # In a plan, names have to stay names; in a result everything is somebody's text.
    return _dirty(data, everywhere=request.schema_name == "node_result") if "nul" in faults else data


def spoil_text(text: str, faults: Faults, request: ChatRequest) -> str:
    """The reply's text with what is wrong around it."""
    if faults.spoils("dirty-json", request) and text.endswith("}"):
        text = f"Here is the JSON (demo):\n\n```json\n{text[:-1]},}}\n```\n\nTell me if you need anything else."
    if faults.spoils("bad-json", request):
        text = text[: len(text) * 2 // 3]
    if "big" in faults:
        text = " " * BIG + text
    if "flood" in faults:
        text = text.rjust(FLOOD)
    return text


def _wrong(data: Json) -> Json:
    """A plan whose last part needs what nobody makes and has a type that does not exist; else a part is missing."""
    if data.get("sub_tasks"):
        *others, last = data["sub_tasks"]
        unknown = {"name": "missing_input", "type": "spreadsheet", "description": "Nobody makes it.", "required": True}
        return data | {"sub_tasks": [*others, last | {"inputs": [unknown]}]}
    if data.get("agents"):
        return data | {
            "agents": [{key: value for key, value in agent.items() if key != "prompt"} for agent in data["agents"]]
        }
    # A thought may be missing, a result may not.
    return dict(list(data.items())[:-1] if "thought" in data else list(data.items())[1:])


def _dirty(value: Any, key: str = "", *, everywhere: bool) -> Any:
    match value:
        case dict():
            return {name: _dirty(one, name, everywhere=everywhere) for name, one in value.items()}
        case list():
            return [_dirty(one, key, everywhere=everywhere) for one in value]
        case str() if everywhere or key in _TEXTS:
            return value + DIRT
        case _:
            return value
