"""What this dialect calls an event, and what it says of it."""

from collections.abc import Mapping
from typing import Any, Final

from workflows.events import Kind
from workflows.models import EventRow

NAMES: Final[Mapping[Kind, str]] = {
    Kind.AGENT_STARTED: "WorkflowStarted",
    Kind.AGENT_ITERATION_STARTED: "WorkflowStepStarted",
    Kind.AGENT_ITERATION_COMPLETED: "WorkflowStepCompleted",
    Kind.AGENT_PLANNED: "WorkflowPlanUpdated",
    Kind.MODEL_STARTED: "WorkflowLLMCallStarted",
    Kind.MODEL_TEXT: "WorkflowLLMCallChunk",
    Kind.MODEL_RETRIED: "WorkflowLLMCallRetried",
    Kind.MODEL_COMPLETED: "WorkflowLLMCallCompleted",
    Kind.TOOL_STARTED: "WorkflowToolCallStarted",
    Kind.TOOL_COMPLETED: "WorkflowToolCallCompleted",
    Kind.BUDGET_WARNING: "WorkflowBudgetWarning",
    Kind.BUDGET_EXCEEDED: "WorkflowBudgetExceeded",
    Kind.QUESTION_ASKED: "WorkflowApprovalRequested",
    Kind.QUESTION_ANSWERED: "WorkflowApprovalReceived",
    Kind.QUESTION_EXPIRED: "WorkflowApprovalReceived",
    Kind.TASK_PAUSED: "WorkflowPaused",
    Kind.TASK_RESUMED: "WorkflowResumed",
    Kind.TASK_COMPLETED: "WorkflowCompleted",
    Kind.TASK_FAILED: "WorkflowFailed",
    Kind.TASK_CANCELLED: "WorkflowCancelled",
}
"""The kinds that are shown, by what they are called here."""

Payload = dict[str, Any]


def payload_of(event: EventRow) -> tuple[str, Payload] | None:
    """The name of the event's frame and what it says; None for one that is not shown."""
    if event.kind not in NAMES:
        return None
    kind = Kind(event.kind)
    return NAMES[kind], {**_payload(kind, event), **_of_child(event.data)}


def sentence_of(name: str, payload: Mapping[str, Any]) -> str:
    """A line about a frame, for the list of events."""
    match name:
        case "WorkflowStarted":
            return "The agent has started"
        case "WorkflowStepStarted":
            return f"Iteration {payload['iteration']} has started"
        case "WorkflowStepCompleted":
            return f"Iteration {payload['iteration']} is done"
        case "WorkflowPlanUpdated":
            done = sum(step["done"] for step in payload["plan"])
            return f"{done} of {len(payload['plan'])} steps of the plan are done"
        case "WorkflowLLMCallStarted":
            return f"Asking {payload['model']}"
        case "WorkflowLLMCallChunk":
            return "The model is writing"
        case "WorkflowLLMCallRetried":
            return f"The model did not answer ({payload['reason']}); trying again"
        case "WorkflowLLMCallCompleted":
            return f"{payload['model']} has replied"
        case "WorkflowToolCallStarted":
            return f"Using the tool {payload['tool_name']}"
        case "WorkflowToolCallCompleted":
            return f"The tool {payload['tool_name']} {'has answered' if payload['success'] else 'did not work'}"
        case "WorkflowBudgetWarning" | "WorkflowBudgetExceeded" | "WorkflowApprovalRequested":
            return str(payload["message"])
        case "WorkflowApprovalReceived":
            return "A person has answered" if "by" in payload else "Nobody answered in time"
        case "WorkflowFailed":
            return f"Failed: {payload['error']}"
    return {
        "WorkflowPaused": "Paused",
        "WorkflowResumed": "Resumed",
        "WorkflowCompleted": "Completed",
        "WorkflowCancelled": "Cancelled",
    }[name]


def _payload(kind: Kind, event: EventRow) -> Payload:
    data = event.data
    if kind.startswith("agent."):
        return _of_agent(kind, data)
    if kind.startswith("model."):
        return _of_model(kind, event)
    if kind.startswith("tool."):
        return _of_tool(kind, data)
    if kind.startswith("question."):
        return _of_question(kind, data)
    if kind.startswith("budget."):
        return {
            "usage_percentage": data["usage_percentage"],
            "cost": data["used"],
            "limit": data["limit"],
            "message": data["message"],
            "scope": data["scope"],
            "unit": data["unit"],
        }
    return _of_task(kind, data)


def _of_agent(kind: Kind, data: Mapping[str, Any]) -> Payload:
    match kind:
        case Kind.AGENT_STARTED:
            return {
                "goal_description": data["goal"],
                "max_iterations": data["max_iterations"],
                "budget_limit": data["budget_usd"],
            }
        case Kind.AGENT_ITERATION_STARTED:
            return {"iteration": data["iteration"], "budget_remaining": data["budget_remaining_usd"]}
        case Kind.AGENT_ITERATION_COMPLETED:
            return {"iteration": data["iteration"], "total_cost": data["total_cost_usd"]}
    return {"plan": data["plan"]}


def _of_model(kind: Kind, event: EventRow) -> Payload:
    data = event.data
    match kind:
        case Kind.MODEL_STARTED:
            return {
                "model": data["model"],
                "message_count": data.get("messages"),
                "estimated_cost": data.get("estimated_cost_usd"),
            }
        case Kind.MODEL_TEXT:
            # Whether a piece is the last one is not known when it is told. Rows of earlier versions have no index.
            return {"chunk": data["text"], "chunk_index": data.get("index", event.seq), "is_final": False}
        case Kind.MODEL_RETRIED:
            return {"attempt": data["attempt"], "reason": data["reason"], "delay": data["delay_s"]}
    return {
        "content": data.get("content", ""),
        "role": "assistant",
        "tool_calls": data.get("tool_calls", []),
        "cost": data["cost_usd"],
        "total_cost": data.get("total_cost_usd"),
        "model": data["model"],
        "usage": data["usage"],
        "demo": data["demo"],
    }


def _of_tool(kind: Kind, data: Mapping[str, Any]) -> Payload:
    about = {"tool_name": data["tool"], "tool_call_id": data["tool_call_id"]}
    if kind is Kind.TOOL_STARTED:
        return {**about, "arguments": data["arguments"]}
    outcome = {"result": data["result"]} if data["ok"] else {"error": data["error"]}
    return {**about, "success": data["ok"], **outcome, "execution_time": data["duration_ms"] / 1000}


def _of_question(kind: Kind, data: Mapping[str, Any]) -> Payload:
    question = {"question_id": data["question"], "kind": data["kind"]}
    if kind is not Kind.QUESTION_ASKED:
        names = ("approved", "reason", "arguments", "value", "by")
        return {**question, **{name: data[name] for name in names if name in data}}
    return {
        **question,
        "tool_name": data.get("tool"),
        "tool_call_id": data.get("tool_call_id"),
        "arguments": data.get("arguments") or {},
        "message": data["text"],
    }


def _of_task(kind: Kind, data: Mapping[str, Any]) -> Payload:
    match kind:
        case Kind.TASK_COMPLETED:
            result = data["result"]
            return {
                "success": result["success"],
                "iterations_completed": result["iterations"],
                "total_cost": data["cost_usd"],
                "final_response": result["final_response"],
                "message": result["message"],
            }
        case Kind.TASK_FAILED:
            return {
                "error": data["error"]["message"],
                "error_type": data["error"]["type"],
                "iterations_completed": data.get("iterations", 0),
                "total_cost": data["cost_usd"],
            }
        case Kind.TASK_CANCELLED:
            return {
                "error": data["reason"],
                "error_type": "cancelled",
                "iterations_completed": data.get("iterations", 0),
            }
    return {"reason": data.get("reason", "")}


def _of_child(data: Mapping[str, Any]) -> Payload:
    """What is said of an agent that another one asks: who it is, and by which tool call it was asked."""
    parent = {"parent": data["parent"]} if "parent" in data else {}
    return {**parent, **({"agent_name": data["node"]} if data.get("node") else {})}
