"""How events look on this dialect's two streams."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from workflows.dialects.evoagentx.sentences import NODE_STATUS, SAYS, UPDATES, sentence
from workflows.engine import keys
from workflows.engine.generation.stages import STAGES
from workflows.events import Kind
from workflows.models import EventRow, Job
from workflows.models.stream import timestamp
from workflows.streaming.frames import Frame


class TaskFramer:
    """`GET /stream/{task_id}`: `update` and `token`, then one `complete` or `error`."""

    def frame(self, event: EventRow) -> Frame | None:
        at = timestamp(event.at)
        if event.kind in UPDATES:
            return Frame("update", {**progress_of(event), "status": "processing", "timestamp": at})
        match event.kind:
            case Kind.MODEL_TEXT:
                return Frame("token", token_of(event))
            case Kind.TASK_COMPLETED:
                return Frame("complete", {"status": "completed", "timestamp": at, "result": event.data["result"]})
            case Kind.TASK_FAILED | Kind.TASK_CANCELLED:
                return Frame("error", {"status": "error", "error": error_of(event), "timestamp": at})
        return None

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        return reset_frame(snapshot, first_id)


class SessionFramer:
    """`GET /stream/client/{client_id}`: the same of many tasks, each frame with its `event_type` and `task_id`."""

    def frame(self, event: EventRow) -> Frame | None:
        match event.kind:
            case Kind.TASK_SUBMITTED:
                return self._frame("task_started", event, task_type=event.data["job"], goal=event.data["goal"])
            case Kind.TASK_STARTED | Kind.TASK_REQUEUED:
                return self._frame("task_processing", event, message=SAYS[Kind(event.kind)])
            case Kind.MODEL_TEXT:
                return self._frame("task_token", event, **token_of(event))
            case Kind.TASK_COMPLETED:
                return self._frame("task_completed", event, result=event.data["result"])
            case Kind.TASK_FAILED:
                return self._frame("task_error", event, error=error_of(event))
            case Kind.TASK_CANCELLED:
                return self._frame("task_cancelled", event, reason=event.data["reason"])
            case Kind.SESSION_CLOSED:
                return self._frame("session_closed", event, message=event.data["reason"])
            case Kind.SESSION_EXPIRED:
                return self._frame("session_timeout", event, message=event.data["reason"])
            case kind if kind in UPDATES:
                return self._frame("task_progress", event, **progress_of(event))
        return None

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        return reset_frame(snapshot, first_id)

    def _frame(self, name: str, event: EventRow, **data: Any) -> Frame:
        task_id = str(event.task_id) if event.task_id else None
        session_id = {} if task_id else {"client_id": str(event.session_id)}
        return Frame(
            name,
            {"event_type": name, "task_id": task_id, **session_id, "timestamp": timestamp(event.at), **data},
        )


TASK = TaskFramer()
SESSION = SessionFramer()


def progress_of(event: EventRow) -> dict[str, Any]:
    data = event.data
    return {
        "progress": data.get("progress", 0),
        "current_state": sentence(event),
        "step": step_of(data),
        "total_steps": data.get("total_steps", 0 if data.get("job") == Job.EXECUTE else len(STAGES)),
        "stage": data.get("stage"),
        "node": data.get("node"),
        **node_of(event),
    }


def step_of(data: Mapping[str, Any]) -> int:
    """The number of the stage, which events of the model name and do not count; of an execution, the nodes done."""
    stage = data.get("stage")
    return STAGES.index(stage) + 1 if stage in STAGES else int(data.get("step", 0))


def node_of(event: EventRow) -> dict[str, Any]:
    """What became of the node of an execution, and what it made."""
    if event.kind not in NODE_STATUS:
        return {}
    outputs = {"outputs": event.data["outputs"]} if event.kind == Kind.NODE_FINISHED else {}
    return {"stage": keys.STAGE, "node_status": NODE_STATUS[Kind(event.kind)], **outputs}


def token_of(event: EventRow) -> dict[str, Any]:
    """Compacted text says from which id on it stands for what was told there (`first_seq`)."""
    names = ("text", "stage", "node", "first_seq")
    return {name: event.data[name] for name in names if name in event.data}


def error_of(event: EventRow) -> str:
    if event.kind == Kind.TASK_CANCELLED:
        return f"The task was cancelled: {event.data['reason']}."
    message: str = event.data["error"]["message"]
    return message


def reset_frame(snapshot: Mapping[str, Any], first_id: int) -> Frame:
    now = timestamp(datetime.now(UTC))
    return Frame(
        "reset",
        {
            "event_type": "reset",
            "first_id": first_id,
            "last_event_id": first_id - 1,
            "timestamp": now,
            **snapshot,
        },
    )
