"""What an `update` says of events that bring no sentence of their own."""

from typing import Final

from workflows.events import Kind
from workflows.models import EventRow

SAYS: Final = {
    Kind.TASK_SUBMITTED: "Waiting for a worker",
    Kind.TASK_STARTED: "Started",
    Kind.TASK_REQUEUED: "Waiting for another worker",
    Kind.TASK_PAUSING: "Pausing after what is under way",
    Kind.TASK_PAUSED: "Paused",
    Kind.TASK_WAITING: "Waiting for an answer",
    Kind.QUESTION_EXPIRED: "Nobody answered in time",
    Kind.TASK_PAUSE_WITHDRAWN: "Going on",
    Kind.TASK_RESUMED: "Waiting for a worker",
    Kind.MODEL_RETRIED: "The model did not answer; trying again",
    Kind.MODEL_REJECTED: "The model's reply was not valid; asking again",
}

NODE_STATUS: Final = {
    Kind.NODE_STARTED: "running",
    Kind.NODE_PROGRESS: "running",
    Kind.NODE_RETRIED: "retrying",
    Kind.NODE_FINISHED: "completed",
    Kind.NODE_FAILED: "failed",
    Kind.NODE_SKIPPED: "skipped",
}
"""What becomes of a node of an execution, in EvoAgentX's words where it has them."""

BUDGETS: Final = (Kind.BUDGET_WARNING, Kind.BUDGET_EXCEEDED)
QUESTIONS: Final = (Kind.QUESTION_ASKED, Kind.QUESTION_ANSWERED)
TOOLS: Final = (Kind.MCP_LISTED, Kind.TOOL_STARTED, Kind.TOOL_COMPLETED)

UPDATES: Final = frozenset({Kind.TASK_PROGRESS, *SAYS, *NODE_STATUS, *BUDGETS, *QUESTIONS, *TOOLS})
"""The kinds that show as an `update`."""


def sentence(event: EventRow) -> str:
    data, node = event.data, f"'{event.data.get('node')}'"
    match event.kind:
        case Kind.NODE_STARTED:
            return f"Running {node}" if data["run"] == 1 else f"Running {node} again, round {data['run']}"
        case Kind.NODE_PROGRESS:
            return f"{node}: {data['text']}"
        case Kind.NODE_RETRIED:
            return f"{node} failed and is tried again in {data['delay_s']:g} s: {data['reason']}"
        case Kind.NODE_FINISHED:
            return f"{node} has its results"
        case Kind.NODE_FAILED:
            return f"{node} failed: {data['error']['message']}"
        case Kind.NODE_SKIPPED:
            return f"{node} is skipped, since '{data['because']}' failed"
        case Kind.BUDGET_WARNING | Kind.BUDGET_EXCEEDED:
            return str(data["message"])
        case Kind.QUESTION_ASKED:
            return str(data["text"])
        case Kind.QUESTION_ANSWERED:
            return f"{data['by']} has answered"
        case Kind.MCP_LISTED:
            offers = f"has {data['total']} tools" if data["ok"] else "cannot be used"
            return f"The MCP server {data['server']} {offers}"
        case Kind.TOOL_STARTED:
            return f"{node if data.get('node') else 'The agent'} uses the tool {data['tool']}"
        case Kind.TOOL_COMPLETED:
            return f"The tool {data['tool']} {'has answered' if data['ok'] else 'did not work'}"
    return str(data.get("current_state") or SAYS.get(Kind(event.kind), ""))
