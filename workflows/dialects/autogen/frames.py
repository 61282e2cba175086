"""How events look on this dialect's stream: envelopes without a name."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from workflows.dialects.autogen.envelopes import SYSTEM, envelope
from workflows.engine import keys
from workflows.events import Kind
from workflows.models import EventRow
from workflows.streaming.frames import Frame

logger = logging.getLogger("stream_events")

STARTED: Final = "started"
THINKING: Final = "agent_thinking"
TOOL: Final = "tool_execution"
RESPONSE: Final = "agent_response"
COMPLETED: Final = "completed"
ERROR: Final = "error"
RESET: Final = "reset"
EVENT_TYPES: Final = (STARTED, THINKING, TOOL, RESPONSE, COMPLETED, ERROR, RESET)

Told = tuple[str, str, str, dict[str, Any]]
"""Type, agent, message and data of an envelope."""


class AskFramer:
    """`/ask-stream`: one `started`, then what the agents do, then one `completed` or `error`."""

    def frame(self, event: EventRow) -> Frame | None:
        tell = _TELLS.get(Kind(event.kind))
        told = tell(event.data) if tell else None
        if told is None:
            return None
        event_type, agent, message, data = told
        logger.debug("%s #%s %s %s: %.200s", event.task_id, event.seq, event_type, agent, message)
        return Frame(None, envelope(event_type, event.at, agent, message, data), alias=event_type)

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        result, error = snapshot["result"] or {}, snapshot["error"] or {}
        data = {
            "task_id": snapshot["task_id"],
            "status": snapshot["status"],
            "progress": snapshot["progress"],
            "first_id": first_id,
            "last_event_id": first_id - 1,
            **({"final_response": result["final_response"]} if result else {}),
            **({"error": error["message"]} if error else {}),
        }
        message = "What was told before is not on offer any more; this is how things stand"
        return Frame(None, envelope(RESET, datetime.now(UTC), SYSTEM, message, data), alias=RESET)


ASK = AskFramer()


def _started(data: Mapping[str, Any]) -> Told:
    return STARTED, SYSTEM, "The question is with the team", {"question": data["goal"], "progress": 0}


def _selected(data: Mapping[str, Any]) -> Told:
    return THINKING, data["speaker"], f"{data['speaker']} is thinking", _progress(data)


def _asked_again(data: Mapping[str, Any]) -> Told | None:
    """A model's further reply of one turn: the first one was told with the speaker."""
    if data["stage"] != keys.TEAM or data["node"] is None or data["call"].endswith("/1"):
        return None
    return THINKING, data["node"], f"{data['node']} goes on", _progress(data)


def _retried(data: Mapping[str, Any]) -> Told:
    agent = data["node"] or SYSTEM
    return THINKING, agent, f"The model did not answer ({data['reason']}); it is asked again", _progress(data)


def _tool(data: Mapping[str, Any]) -> Told:
    is_cut = {"truncated": True} if data.get("truncated") else {}
    about = {"tool_name": data["tool"], "parameters": data["arguments"], **_progress(data), **is_cut}
    return TOOL, data["node"] or SYSTEM, f"{data['node'] or SYSTEM} calls {data['tool']}", about


def _message(data: Mapping[str, Any]) -> Told:
    is_cut = {"truncated": True} if data.get("truncated") else {}
    return RESPONSE, data["speaker"], data["text"], {**_progress(data), **is_cut}


def _completed(data: Mapping[str, Any]) -> Told:
    names = ("final_response", "total_messages", "response_length", "stop_reason")
    result = {name: data["result"][name] for name in names}
    return COMPLETED, SYSTEM, "The team has answered", {**result, "progress": 100}


def _failed(data: Mapping[str, Any]) -> Told:
    error = data["error"]["message"]
    return ERROR, SYSTEM, error, {"error": error, **_progress(data)}


def _cancelled(data: Mapping[str, Any]) -> Told:
    error = f"The question was withdrawn: {data['reason']}."
    return ERROR, SYSTEM, error, {"error": error, **_progress(data)}


def _asked(data: Mapping[str, Any]) -> Told:
    return THINKING, data["node"] or SYSTEM, f"A person is asked: {data['text']}", _progress(data)


def _says(sentence: str) -> Callable[[Mapping[str, Any]], Told]:
    return lambda data: (THINKING, SYSTEM, sentence, _progress(data))


def _progress(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"progress": data.get("progress", 0)}


_TELLS: Final[Mapping[Kind, Callable[[Mapping[str, Any]], Told | None]]] = {
    Kind.TASK_SUBMITTED: _started,
    Kind.TASK_REQUEUED: _says("The work goes on soon, where it stood"),
    Kind.TASK_PAUSED: _says("The work is paused"),
    Kind.TASK_RESUMED: _says("The work goes on"),
    Kind.TEAM_SPEAKER_SELECTED: _selected,
    Kind.MODEL_STARTED: _asked_again,
    Kind.MODEL_RETRIED: _retried,
    Kind.TOOL_STARTED: _tool,
    Kind.QUESTION_ASKED: _asked,
    Kind.TEAM_MESSAGE: _message,
    Kind.TASK_COMPLETED: _completed,
    Kind.TASK_FAILED: _failed,
    Kind.TASK_CANCELLED: _cancelled,
}
