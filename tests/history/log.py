"""What the rows of a history say, by stream and by call."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from tests.history.history import HIDDEN, Row, Stream
from tests.history.wire import RUN_BITS
from workflows.events import Kind
from workflows.models.task import ENDED, TRANSITIONS, Status

ATTEMPTS = 5
"""How often a call is tried before its task fails (`engine.retries`)."""

Numbered = dict[int, Row]
"""The rows of one stream by their ids, in the order of these."""


def by_stream(rows: Iterable[Row]) -> dict[tuple[str, str], Numbered]:
    """The rows of each task, each session and each thread."""
    streams: dict[tuple[str, str], Numbered] = defaultdict(dict)
    for row in rows:
        if row.task_id and row.seq:
            streams["task", row.task_id][row.seq] = row
        if row.session_id and row.session_seq:
            streams["session", row.session_id][row.session_seq] = row
        if row.thread_id and row.run_no and row.seq:
            streams["thread", row.thread_id][row.run_no << RUN_BITS | row.seq] = row
    return {key: dict(sorted(numbered.items())) for key, numbered in streams.items()}


def shown(stream: Stream, rows: Numbered) -> Numbered:
    """Those that the stream's dialect shows."""
    if stream.kind == "thread":
        return {id: row for id, row in rows.items() if row.frame}
    return rows if stream.native else {id: row for id, row in rows.items() if row.kind not in HIDDEN}


def frame_of(stream: Stream, row: Row) -> tuple[str, str] | None:
    """The name and the digest that a reader must have been told."""
    return row.frame if stream.kind == "thread" else (row.kind, row.digest)


def status_after(kinds: Iterable[str]) -> str:
    """What a task's status is after these events, by the one table of transitions."""
    status = Status.QUEUED
    for kind in kinds:
        if (transition := TRANSITIONS.get(Kind(kind))) and status not in ENDED:
            status = transition.target
    return str(status)


def told_steps(rows: Iterable[Row]) -> list[str]:
    """The steps whose settling was told: calls of the model and of tools, runs of nodes, attempts that failed."""
    return [row.settled for row in rows if row.settled]


def allowed_calls(rows: Iterable[Row]) -> dict[str, list[int]]:
    """For each stage, how often each of its calls may have been made, largest first.

    Each claim that began before a call's answer was committed may have made it once, and once more for each retry that
    was told. A call without an answer may have been tried to the end under every claim.
    """
    claims = 0
    retried: Counter[str] = Counter()
    answered: dict[str, int | None] = {}
    for row in rows:
        if row.kind == Kind.TASK_STARTED:
            claims += 1
        elif row.call and row.kind == Kind.MODEL_STARTED:
            answered[row.call] = None
        elif row.call and row.kind == Kind.MODEL_RETRIED:
            retried[row.call] += 1
        elif row.call and row.kind == Kind.MODEL_COMPLETED:
            answered[row.call] = claims + retried[row.call]
    stages: dict[str, list[int]] = defaultdict(list)
    for call, times in answered.items():
        stages[stage_of(call)].append(claims * ATTEMPTS if times is None else times)
    return {stage: sorted(allowed, reverse=True) for stage, allowed in stages.items()}


def calls_by_stage(steps: Iterable[str]) -> dict[str, list[str]]:
    """The steps that are calls of the model."""
    stages: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        if (stage := stage_of(step)) not in ("node", "tool"):
            stages[stage].append(step)
    return stages


def stage_of(call: str) -> str:
    return call.partition("/")[0]
