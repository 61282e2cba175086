"""How events look on this dialect's stream, and in its list of events."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from workflows.engine import keys
from workflows.events import Kind
from workflows.models import EventRow, StreamKey
from workflows.models.stream import timestamp
from workflows.streaming.frames import Frame

SHOWN: Final = (
    Kind.TASK_SUBMITTED,
    Kind.TASK_REQUEUED,
    Kind.TASK_PROGRESS,
    Kind.TASK_PAUSING,
    Kind.TASK_PAUSED,
    Kind.TASK_PAUSE_WITHDRAWN,
    Kind.TASK_RESUMED,
    Kind.TASK_WAITING,
    Kind.TASK_COMPLETED,
    Kind.TASK_FAILED,
    Kind.TASK_CANCELLED,
    Kind.WORKFLOW_STARTED,
    Kind.ITERATION_STARTED,
    Kind.ITERATION_COMPLETED,
    Kind.NODE_STARTED,
    Kind.NODE_PROGRESS,
    Kind.NODE_RETRIED,
    Kind.NODE_FINISHED,
    Kind.NODE_FAILED,
    Kind.NODE_SKIPPED,
    Kind.MODEL_RETRIED,
    Kind.MODEL_REJECTED,
    Kind.BUDGET_WARNING,
    Kind.BUDGET_EXCEEDED,
    Kind.TOOL_STARTED,
    Kind.TOOL_COMPLETED,
    Kind.QUESTION_ASKED,
    Kind.QUESTION_ANSWERED,
    Kind.QUESTION_EXPIRED,
)
"""The kinds of which a frame may come."""


@dataclass(frozen=True)
class WorkflowFramer:
    """`GET /api/v1/workflows/{id}/stream`. Every frame has all keys; those that it does not use are null."""

    workflow_id: uuid.UUID
    thread_id: uuid.UUID

    def frame(self, event: EventRow) -> Frame | None:
        said = _say(event)
        if said is None:
            return None
        name, message, data = said
        task_id = _task_id(event)
        return self._frame(
            name,
            task_id=task_id,
            task_name=event.data["node"] if task_id else None,
            progress_percent=100 if event.kind == Kind.TASK_COMPLETED else event.data.get("progress", 0),
            message=message,
            data=data,
            at=event.at,
        )

    def connected(self) -> Frame:
        """The greeting: it has no name and no id."""
        return Frame(None, {"status": "connected", "workflow_id": str(self.workflow_id)})

    def reset(self, snapshot: Mapping[str, Any], first_id: int) -> Frame:
        first = StreamKey("thread", self.thread_id).written(first_id)
        return self._frame(
            "reset",
            task_id=None,
            task_name=None,
            progress_percent=snapshot.get("progress", 0),
            message=f"That event cannot be served. Everything from {first} on follows.",
            data={"first_id": first, "snapshot": dict(snapshot)},
            at=datetime.now(UTC),
        )

    def _frame(self, name: str, *, at: datetime, **about: Any) -> Frame:
        data = about.pop("data")
        return Frame(
            name,
            {
                "event_type": name,
                "workflow_id": str(self.workflow_id),
                **about,
                "data": data,
                "timestamp": timestamp(at),
            },
        )


def task_id(run_id: uuid.UUID, node_run: str) -> str:
    """The UUID of a node's run in one run of the workflow: the same whenever it is told."""
    return str(uuid.uuid5(run_id, node_run))


def result_of(outputs: Mapping[str, Any]) -> Any:
    """A task's result: the value of its one output, or its outputs by name."""
    return next(iter(outputs.values())) if len(outputs) == 1 else dict(outputs)


def results_of(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The results of a run by task."""
    return {name: result_of(outputs) for name, outputs in results.items()}


Said = tuple[str, str, dict[str, Any] | None]
"""A frame's name, its message, its data."""


def _say(event: EventRow) -> Said | None:
    kind = Kind(event.kind)
    if kind.startswith("node."):
        return _say_of_node(kind, event.data)
    if kind.startswith("model."):
        return _say_of_model(kind, event.data)
    if kind.startswith("tool."):
        return _say_of_tool(kind, event.data)
    if kind.startswith("question."):
        return _say_of_question(kind, event.data)
    return _say_of_run(kind, event)


def _say_of_run(kind: Kind, event: EventRow) -> Said | None:
    data = event.data
    match kind:
        case Kind.TASK_SUBMITTED:
            # Not the engine's `workflow.started`: a planned workflow is planned first, and that belongs to its run.
            run = {"run": event.run_no, "rerun_of": data.get("rerun_of")}
            return "workflow_started", f"Starting workflow: {data['goal']}", run
        case Kind.WORKFLOW_STARTED:
            tasks = [{"name": node["name"], "depends_on": node["depends_on"]} for node in data["nodes"]]
            return "task_progress", f"Running {_count(data['total'], 'task')}", {"tasks": tasks}
        case Kind.BUDGET_WARNING | Kind.BUDGET_EXCEEDED:
            return "task_progress", data["message"], _only(data, "scope", "unit", "used", "limit")
        case Kind.ITERATION_STARTED:
            return (
                "iteration_started",
                f"Iteration {data['iteration']}/{data['depth']}",
                _only(data, "iteration", "depth"),
            )
        case Kind.ITERATION_COMPLETED:
            about = _only(data, "iteration", "depth", "review")
            return "iteration_completed", f"Completed {data['iteration']} iterations", about
        case Kind.TASK_PROGRESS:
            # How far the execution came is in the frames of its tasks.
            is_told = data.get("stage") == keys.STAGE
            return (
                None
                if is_told
                else ("task_progress", data["current_state"], _only(data, "stage", "step", "total_steps"))
            )
        case Kind.TASK_PAUSED:
            return "workflow_paused", "Workflow paused", None
        case Kind.TASK_RESUMED:
            return "workflow_resumed", "Workflow resumed", None
        case Kind.TASK_COMPLETED:
            result = data["result"]
            about = {"results": results_of(result["results"]), **_only(result, "iterations", "message")}
            return "workflow_completed", "Workflow completed successfully", about
        case Kind.TASK_FAILED:
            return "workflow_failed", f"Workflow failed: {data['error']['message']}", {"error": data["error"]}
        case Kind.TASK_CANCELLED:
            reason = data["reason"]
            return "workflow_failed", f"Workflow failed: {reason}", {"cancelled": True, "reason": reason}
    return ("task_progress", _ON_THE_WAY[kind], None) if kind in _ON_THE_WAY else None


_ON_THE_WAY: Final = {
    Kind.TASK_REQUEUED: "Waiting for another worker",
    Kind.TASK_PAUSING: "Pausing after what is under way",
    Kind.TASK_PAUSE_WITHDRAWN: "Going on",
    Kind.TASK_WAITING: "Waiting for an answer",
}


_NOTES: Final = ("truncated", "taken_over")
"""What is said of a result only where it is so: it was cut for the event; an earlier run made it."""


def _say_of_node(kind: Kind, data: Mapping[str, Any]) -> Said | None:
    about = _only(data, "iteration", "run")
    node = data["node"]
    match kind:
        case Kind.NODE_STARTED:
            return "task_started", f"Starting task: {node}", about
        case Kind.NODE_PROGRESS:
            return "task_progress", data["text"], {"finding": data["text"], **about}
        case Kind.NODE_RETRIED:
            message = f"Trying again: {node} - {data['reason']}"
            return "task_retrying", message, {**about, **_only(data, "attempt", "reason", "delay_s")}
        case Kind.NODE_FINISHED:
            result = {"result": result_of(data["outputs"]), **about, **_only(data, "duration_ms", *_NOTES)}
            return "task_completed", f"Completed: {node}", result
        case Kind.NODE_FAILED:
            error = data["error"]
            return "task_failed", f"Task failed: {node} - {error['message']}", {"error": error, **about}
        case Kind.NODE_SKIPPED:
            message = f"Skipped: {node}, because {data['because']} failed"
            return "task_skipped", message, _only(data, "iteration", "because")
    return None


def _say_of_model(kind: Kind, data: Mapping[str, Any]) -> Said | None:
    match kind:
        case Kind.MODEL_RETRIED:
            return "task_progress", "The model did not answer; trying again", _only(data, "reason", "delay_s")
        case Kind.MODEL_REJECTED:
            return "task_progress", "The model's reply was not valid; asking again", _only(data, "problems")
    return None


def _say_of_tool(kind: Kind, data: Mapping[str, Any]) -> Said | None:
    match kind:
        case Kind.TOOL_STARTED:
            return "task_progress", f"Using the tool {data['tool']}", _only(data, "tool", "arguments")
        case Kind.TOOL_COMPLETED:
            said = "has answered" if data["ok"] else "did not work"
            about = _only(data, "tool", "ok", "result", "error", "duration_ms", "truncated")
            return "task_progress", f"The tool {data['tool']} {said}", about
    return None


def _say_of_question(kind: Kind, data: Mapping[str, Any]) -> Said | None:
    about = _only(data, "question", "kind", "tool", "arguments", "choices", "deadline", "approved", "reason", "value")
    match kind:
        case Kind.QUESTION_ASKED:
            return "task_progress", data["text"], about
        case Kind.QUESTION_ANSWERED:
            return "task_progress", f"{data['by']} has answered", about
    return "task_progress", "Nobody answered in time", about


def _task_id(event: EventRow) -> str | None:
    node_run = event.data.get("node_run")
    if node_run is None and event.data.get("node") is not None and event.data.get("stage") == keys.STAGE:
        # An event of a model or a tool knows its call: `execute/<iteration>/<node>/<run>/<number>`, `tool/…`.
        node_run = "/".join([keys.NODE, *event.data.get("call", "").split("/")[1:4]])
    return task_id(event.task_id, node_run) if node_run and event.task_id else None


def _only(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
