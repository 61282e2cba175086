"""The one vocabulary of what can happen: kinds, which of them end a stream, and what their data holds.

Every kind is listed with its data in docs/events.md; a dialect decides how a kind looks on its wire.
"""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What an event row tells. The value is what is stored and what `types=` filters match."""

    TASK_SUBMITTED = "task.submitted"
    TASK_STARTED = "task.started"
    TASK_REQUEUED = "task.requeued"
    TASK_PROGRESS = "task.progress"
    TASK_PAUSING = "task.pausing"
    TASK_PAUSE_WITHDRAWN = "task.pause_withdrawn"
    TASK_PAUSED = "task.paused"
    TASK_RESUMED = "task.resumed"
    TASK_WAITING = "task.waiting"
    TASK_COMPLETED = "task.completed"
    TASK_FAILED = "task.failed"
    TASK_CANCELLED = "task.cancelled"

    MODEL_STARTED = "model.started"
    MODEL_TEXT = "model.text"
    MODEL_RETRIED = "model.retried"
    MODEL_REJECTED = "model.rejected"
    MODEL_COMPLETED = "model.completed"

    BUDGET_WARNING = "budget.warning"
    BUDGET_EXCEEDED = "budget.exceeded"

    TOOL_STARTED = "tool.started"
    TOOL_OUTPUT = "tool.output"
    TOOL_COMPLETED = "tool.completed"

    QUESTION_ASKED = "question.asked"
    QUESTION_ANSWERED = "question.answered"
    QUESTION_EXPIRED = "question.expired"
    MCP_LISTED = "mcp.listed"

    AGENT_STARTED = "agent.started"
    AGENT_ITERATION_STARTED = "agent.iteration_started"
    AGENT_ITERATION_COMPLETED = "agent.iteration_completed"
    AGENT_PLANNED = "agent.planned"

    PLAN_COMPLETED = "plan.completed"
    NODE_COMPLETED = "node.completed"

    WORKFLOW_STARTED = "workflow.started"
    ITERATION_STARTED = "iteration.started"
    ITERATION_COMPLETED = "iteration.completed"
    NODE_STARTED = "node.started"
    NODE_PROGRESS = "node.progress"
    NODE_RETRIED = "node.retried"
    NODE_FINISHED = "node.finished"
    NODE_FAILED = "node.failed"
    NODE_SKIPPED = "node.skipped"

    TEAM_STARTED = "team.started"
    TEAM_SPEAKER_SELECTED = "team.speaker_selected"
    TEAM_MESSAGE = "team.message"

    SESSION_CLOSED = "session.closed"
    SESSION_EXPIRED = "session.expired"


STREAMED: Final = frozenset({Kind.MODEL_TEXT, Kind.TOOL_OUTPUT})
"""Kinds whose events are pieces of one text, written in batches and joined when the task has ended."""

TASK_ENDINGS: Final = frozenset({Kind.TASK_COMPLETED, Kind.TASK_FAILED, Kind.TASK_CANCELLED})
"""A task has exactly one event of these kinds, and it is its last (partial unique index on the table)."""

SESSION_ENDINGS: Final = frozenset({Kind.SESSION_CLOSED, Kind.SESSION_EXPIRED})
"""A session has at most one event of these kinds, and it is its last."""

STREAM_ENDINGS: Final = TASK_ENDINGS | SESSION_ENDINGS
"""Kinds that pass every filter, since a reader that misses them waits for ever."""

MAX_DATA_BYTES: Final = 64_000
"""An event's data stays under this, except the result in a closing event."""
