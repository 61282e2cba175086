"""How events look on this dialect's stream, and in its blocking answers: traces, and one output or error."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from workflows.engine.agents.checklist import MAKE_PLAN, TICK_OFF
from workflows.engine.agents.completion import COMPLETION
from workflows.events import Kind
from workflows.exceptions import TimedOut
from workflows.models import EventRow, Task
from workflows.streaming.frames import Frame, JsonLines

TRACE: Final = "trace"
OUTPUT: Final = "command_output"
ERROR: Final = "error"
RESET: Final = "reset"

TO_WORKFLOW: Final = "agent_to_workflow"
TO_AGENT: Final = "workflow_to_agent"
TO_PERSON: Final = "workflow_to_person"
"""Ours: a command waits for a person's yes."""
DIRECTIONS: Final = (TO_WORKFLOW, TO_AGENT, TO_PERSON)

NO_COMMANDS: Final = frozenset({COMPLETION, MAKE_PLAN, TICK_OFF})
"""Tools by which an agent works, and which do nothing for the person."""


@dataclass(frozen=True)
class TurnFramer:
    """Of one turn. `route`: what an internal error says that it happened in."""

    user: str
    timeout_seconds: float
    shows_traces: bool
    route: str

    @classmethod
    def of(cls, turn: Task, route: str) -> "TurnFramer":
        return cls(turn.params["user"], turn.timeout_seconds, turn.params["show_agent_traces"], route)

    def frame(self, event: EventRow) -> Frame | None:
        match event.kind:
            case Kind.TASK_COMPLETED:
                return Frame(OUTPUT, _output(event))
            case Kind.TASK_FAILED:
                return Frame(ERROR, self._failure(event.data["error"]))
            case Kind.TASK_CANCELLED:
                return Frame(ERROR, {"detail": f"The turn was cancelled: {event.data['reason']}."})
        tell = _TRACES.get(Kind(event.kind)) if self.shows_traces else None
        # What an agent or a workflow does that was called is its own, and no command of the user's.
        if tell is None or "parent" in event.data or event.data.get("tool") in NO_COMMANDS:
            return None
        return Frame(TRACE, {**_EMPTY, **tell(event.data), "timestamp_ms": milliseconds(event.at)})

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        names = ("task_id", "status", "result", "error")
        told = {name: snapshot[name] for name in names}
        return Frame(RESET, {**told, "first_id": first_id, "last_event_id": first_id - 1})

    def _failure(self, error: Mapping[str, Any]) -> dict[str, Any]:
        """The contract's sentences; the cause beside them."""
        timed_out = error["type"] == TimedOut.type
        detail = f"Command execution timed out after {self.timeout_seconds:g} seconds"
        return {"detail": detail if timed_out else internal_error(self.route, self.user), "error": dict(error)}


class TurnLines(JsonLines):
    """One JSON object a line: `{"id", "type", "data"}`."""

    name_key = "type"


LINES: Final = TurnLines()


def internal_error(route: str, user: str) -> str:
    return f"Internal error in {route}() for user_id: {user}"


def milliseconds(at: datetime) -> int:
    """Since 1970, as this API writes times."""
    return round(at.timestamp() * 1000)


def _output(event: EventRow) -> dict[str, Any]:
    """CommandOutput."""
    result = event.data["result"]
    response = {
        "response": result["final_response"],
        "success": result["success"],
        "artifacts": _artifacts(result["final_response"]),
        "next_actions": [],
        "recommendations": [],
    }
    return {
        "success": result["success"],
        "workflow_name": result["workflow_name"],
        "context": _text(result["context"]),
        "command_name": result["command_name"],
        "command_parameters": _text(result["command_parameters"]),
        "command_responses": [response],
        "started_at": result["started_at"],
        "duration_ms": milliseconds(event.at) - result["started_at"],
    }


def _text(value: Mapping[str, Any]) -> str:
    """fastWorkflow's clients expect texts here."""
    return json.dumps(value, ensure_ascii=False) if value else ""


def _artifacts(response: str) -> dict[str, Any]:
    """The values of a response that is a JSON object."""
    with suppress(ValueError):
        value = json.loads(response)
        if isinstance(value, dict):
            return value
    return {}


def _called(data: Mapping[str, Any]) -> dict[str, Any]:
    arguments = json.dumps(data["arguments"], ensure_ascii=False) if data["arguments"] else ""
    return {"direction": TO_WORKFLOW, "raw_command": f"{data['tool']} {arguments}".rstrip()}


def _returned(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "direction": TO_AGENT,
        "command_name": data["tool"],
        "parameters": data["arguments"],
        "response_text": data["result"] if data["ok"] else data["error"],
        "success": data["ok"],
    }


def _asked(data: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {"parameters": data["arguments"]} if "arguments" in data else {}
    return {"direction": TO_PERSON, "command_name": data.get("tool"), "response_text": data["text"], **parameters}


_TRACES: Final[Mapping[Kind, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    Kind.TOOL_STARTED: _called,
    Kind.TOOL_COMPLETED: _returned,
    Kind.QUESTION_ASKED: _asked,
}
SHOWN: Final = (*_TRACES, Kind.TASK_COMPLETED, Kind.TASK_FAILED, Kind.TASK_CANCELLED)

_EMPTY: Final = dict.fromkeys(
    ("direction", "raw_command", "command_name", "parameters", "response_text", "success", "timestamp_ms")
)
