"""What a run recorded: values only, so that a test can make a history by hand and break it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.history.wire import RUN_BITS
from workflows.events import SESSION_ENDINGS, TASK_ENDINGS, Kind

HIDDEN = frozenset(
    {
        Kind.MODEL_STARTED,
        Kind.MODEL_COMPLETED,
        Kind.PLAN_COMPLETED,
        Kind.NODE_COMPLETED,
        Kind.WORKFLOW_STARTED,
        Kind.ITERATION_STARTED,
        Kind.ITERATION_COMPLETED,
    }
)
"""Kinds that the evoagentx dialect does not show (docs/events.md)."""

Outcome = Literal["written", "rolled back", "refused"]

Way = Literal["stream", "POST's stream", "pages", "pages, then live", "WebSocket"]

RUN_ENDINGS = frozenset({"WorkflowCompleted", "WorkflowFailed", "WorkflowCancelled"})
"""By which AgentArea tells that a turn has ended: its stream has one for each turn."""

CLOSING_FRAMES = (
    TASK_ENDINGS | SESSION_ENDINGS | RUN_ENDINGS | {"complete", "error", "session_closed", "session_timeout"}
)


@dataclass(frozen=True)
class Row:
    """One event of the log, read from the database after the run."""

    task_id: str | None
    seq: int | None
    session_id: str | None
    session_seq: int | None
    kind: str
    digest: str = ""
    """Of its data."""
    call: str | None = None
    """The model call that it tells of."""
    marker: str | None = None
    """By which a writer finds its own write again."""
    node_step: str | None = None
    """The ledger's key of a node's run, or of an attempt at one, whose end it tells."""
    thread_id: str | None = None
    run_no: int | None = None
    frame: tuple[str, str] | None = None
    """How AgentArea shows it: name, and digest of the data. None if it does not."""

    @property
    def settled(self) -> str | None:
        """The ledger's key of the step that it tells."""
        return self.call if self.kind in (Kind.MODEL_COMPLETED, Kind.TOOL_COMPLETED) else self.node_step


@dataclass(frozen=True)
class TaskRow:
    id: str
    goal: str
    status: str
    last_seq: int
    settled: tuple[str, ...] = ()
    """The keys of its ledger."""


@dataclass(frozen=True)
class Stream:
    """What a reader asked for. The native dialect shows every row, with its data. A thread is a conversation."""

    kind: Literal["task", "session", "thread"]
    id: str
    native: bool = False
    agent: str = ""

    @property
    def path(self) -> str:
        if self.kind == "thread":
            return f"{self.conversation}/events/stream"
        if self.native:
            return f"/api/v1/tasks/{self.id}/events/stream"
        return f"/stream/{self.id}" if self.kind == "task" else f"/stream/client/{self.id}"

    @property
    def conversation(self) -> str:
        """The path of a thread as AgentArea's task."""
        return f"/api/v1/agents/{self.agent}/tasks/{self.id}"

    @property
    def shows_data(self) -> bool:
        return self.native or self.kind == "thread"

    def written(self, number: int) -> str:
        """An id as it stands on the wire."""
        if self.kind != "thread":
            return str(number)
        return f"{number >> RUN_BITS}-{number & ((1 << RUN_BITS) - 1)}"


@dataclass(frozen=True)
class Told:
    """One frame that a reader received whole. `id` is None for a frame that is no row, as a reset is not."""

    id: int | None
    name: str
    digest: str = ""


@dataclass
class Reading:
    """All that one reader received of one stream, over all its connections, or as pages of JSON."""

    reader: str
    stream: Stream
    way: Way = "stream"
    told: list[Told] = field(default_factory=list)
    connections: int = 0
    finished: bool = False


@dataclass(frozen=True)
class StatusSeen:
    """What a GET said after the event `seq` had been received."""

    task_id: str
    seq: int
    status: str
    last_seq: int


@dataclass(frozen=True)
class Intent:
    """What became of a write: `written` was acknowledged, `rolled back` was not committed, `refused` was stale."""

    task_id: str
    marker: str
    outcome: Outcome


@dataclass(frozen=True)
class Submission:
    """Requests under one Idempotency-Key: the tasks that the answers named, and how many the rows hold."""

    key: str
    answered: tuple[str, ...]
    stored: int


@dataclass(frozen=True)
class Answer:
    """The status of a request, and whether a refusal had its settled shape."""

    request: str
    status: int
    shaped: bool = True


@dataclass(frozen=True)
class ModelCall:
    """The demo model's count for one distinct request."""

    goal: str
    stage: str
    digest: str
    started: int
    finished: int


@dataclass(frozen=True)
class Footprint:
    """What a process holds when nothing is asked of it."""

    process: str
    threads: int = 0
    files: int = 0
    clients: int = 0
    """Connections that it accepted."""
    database: int = 0
    redis: int = 0
    model: int = 0


@dataclass
class History:
    """One run. The order of `rows` is that of the log: by task and seq, or by session and session_seq."""

    rows: Sequence[Row] = ()
    tasks: Sequence[TaskRow] = ()
    readings: Sequence[Reading] = ()
    statuses: Sequence[StatusSeen] = ()
    intents: Sequence[Intent] = ()
    submissions: Sequence[Submission] = ()
    answers: Sequence[Answer] = ()
    model_calls: Sequence[ModelCall] = ()
    before: Mapping[str, Footprint] = field(default_factory=dict)
    """By role: what a process of it held at the quiet start."""
    after: Sequence[Footprint] = ()
    deadlocks: int = 0
    left_behind: Sequence[str] = ()
    """Processes that outlived the stop, transactions that outlived their work."""
