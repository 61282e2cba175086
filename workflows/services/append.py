"""The one write path of the event log.

`append` writes one event together with the state change it tells and the ledger row it settles, in one statement:
the UPDATE takes the task's row lock, `seq` comes from the locked row, so the order of numbers is the order of commits
(a sequence would not give that: a reader that tails it skips events). `append_texts` does the same for many
pieces of text of many tasks.

Lock order, everywhere: tasks by id, then sessions by id, then a group's spending (a data-modifying CTE that nothing
refers to is run after the others, says PostgreSQL's manual). A channel, and after it a thread, is locked only by who
holds no task, mostly by the submission of one before it is there; a conversation is locked last.
"""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection, transaction
from psycopg import sql

from workflows.engine.journal import Step
from workflows.events import Kind
from workflows.exceptions import StaleClaim
from workflows.measures import MEASURES
from workflows.models import ENDED, TRANSITIONS, EventRow
from workflows.services.announce import announce
from workflows.services.prepared import prepared_cursor
from workflows.services.queue import enqueue_next


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a task: writes carry it, and are refused once it is no longer the task's."""

    task_id: uuid.UUID
    worker_id: uuid.UUID
    token: int


@dataclass(frozen=True)
class Write:
    """One numbered write under a claim. The same number again changes nothing."""

    claim: Claim
    number: int


class Appended(NamedTuple):
    event: EventRow
    claim_token: int
    """The task's, after the write."""


@dataclass(frozen=True)
class TextPiece:
    """A piece of streamed text, of a model or a tool, on its way to the log. Its write is numbered apart from the
    others: text is written in the background, while the task goes on to write."""

    write: Write
    data: Mapping[str, Any]
    kind: Kind = Kind.MODEL_TEXT


def append(
    task_id: uuid.UUID,
    kind: Kind,
    data: Mapping[str, Any],
    *,
    write: Write | None = None,
    claim_token: int | None = None,
    key: str | None = None,
    step: Step | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Appended | None:
    """Append one event to a task, with the status change that its kind means.

    `changes` are further columns of the task. Returns the event, or None where nothing was to be written: the same
    write had arrived before, the task is not under `claim_token` (where given), or its status does not allow the
    kind (it ended meanwhile, say). Raises StaleClaim if `write` belongs to a claim that the task no longer has.
    """
    shape, values = _state_change(kind, write, claim_token, dict(changes or {}))
    values |= {"task_id": task_id, "kind": kind, "data": _dump(data), "key": key}
    if step:
        values |= _step_values(step)
    begun = time.perf_counter()
    with prepared_cursor() as cursor:
        cursor.execute(_statement(shape, has_step=step is not None), values)
        row = cursor.fetchone()
        if row is None:
            if write and not _holds(cursor, write.claim):
                raise StaleClaim(f"task {task_id} is no longer claimed under token {write.claim.token}")
            return None
    MEASURES.appended(kind, changes or {}, time.perf_counter() - begun)
    event = EventRow(task_id, row[0], row[1], row[2], kind, dict(data), row[3], row[5], row[6])
    transaction.on_commit(lambda: announce([event]))
    if shape.ends and event.thread_id:
        enqueue_next(event.thread_id)
    return Appended(event, row[4])


def append_to_session(session_id: uuid.UUID, kind: Kind, data: Mapping[str, Any], *, status: str) -> EventRow | None:
    """Append a session's own, closing event. Returns None if the session had already ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            _APPEND_TO_SESSION,
            {"session_id": session_id, "kind": kind, "data": _dump(data), "status": status},
        )
        row = cursor.fetchone()
    if row is None:
        return None
    event = EventRow(None, None, session_id, row[0], kind, dict(data), row[1])
    transaction.on_commit(lambda: announce([event]))
    return event


def append_texts(pieces: Sequence[TextPiece]) -> set[uuid.UUID]:
    """Append pieces of text, of any tasks, in the given order. Returns the tasks whose claim had gone stale.

    Locks the tasks in the order of their ids, then the sessions in theirs, whatever the order of the pieces.
    """
    if not pieces:
        return set()
    begun = time.perf_counter()
    with prepared_cursor() as cursor:
        cursor.execute(
            _APPEND_TEXTS,
            {
                "task_ids": [piece.write.claim.task_id for piece in pieces],
                "tokens": [piece.write.claim.token for piece in pieces],
                "numbers": [piece.write.number for piece in pieces],
                "datas": [_dump(piece.data) for piece in pieces],
                "kinds": [piece.kind for piece in pieces],
            },
        )
        rows = cursor.fetchall()
        MEASURES.append.observe(time.perf_counter() - begun)
        told = [EventRow(*row) for row in rows]
        claims = {piece.write.claim for piece in pieces}
        silent = {claim for claim in claims if claim.task_id not in {event.task_id for event in told}}
        stale = {claim.task_id for claim in silent if not _holds(cursor, claim)}
    transaction.on_commit(lambda: announce(told))
    return stale


class _Shape(NamedTuple):
    """What an append does besides the event; appends of the same shape are the same statement."""

    columns: tuple[str, ...]
    is_numbered: bool
    is_claimed: bool
    is_transition: bool
    ends: bool


def _state_change(
    kind: Kind, write: Write | None, claim_token: int | None, changes: dict[str, Any]
) -> tuple[_Shape, dict[str, Any]]:
    """The shape of the UPDATE, and the values for it."""
    values: dict[str, Any] = {}
    if write:
        claim_token = write.claim.token
        values["number"] = changes["write_no"] = write.number
    if claim_token is not None:
        values["token"] = claim_token
    if transition := TRANSITIONS.get(kind):
        values["sources"] = [str(status) for status in transition.sources]
        changes["status"] = str(transition.target)
        for column in _CLEARED:
            changes.setdefault(column, None)
        if transition.target in ENDED:
            changes["secrets"] = None
    for column, value in changes.items():
        values[f"new_{column}"] = _dump(value) if column in _JSON else value
    return (
        _Shape(
            columns=tuple(changes),
            is_numbered=write is not None,
            is_claimed=claim_token is not None,
            is_transition=transition is not None,
            ends=transition is not None and transition.target in ENDED,
        ),
        values,
    )


@lru_cache(maxsize=200)
def _statement(shape: _Shape, *, has_step: bool) -> bytes:
    guards = [sql.SQL("task.id = %(task_id)s")]
    assignments: list[sql.Composable] = [sql.SQL("last_seq = task.last_seq + 1")]
    if shape.is_numbered:
        guards.append(sql.SQL("task.write_no < %(number)s"))
    if shape.is_claimed:
        guards.append(sql.SQL("task.claim_token = %(token)s"))
    if shape.is_transition:
        guards.append(sql.SQL("task.status = ANY(%(sources)s)"))
        # A claim's begin and its end each move the token on, so that whatever was written under the old one is refused.
        assignments.append(sql.SQL("claim_token = task.claim_token + 1"))
    if shape.ends:
        assignments.append(sql.SQL("ended_at = clock_timestamp()"))
    assignments += [_assignment(column) for column in shape.columns]
    return _APPEND.format(
        assignments=sql.SQL(", ").join(assignments),
        guards=sql.SQL(" AND ").join(guards),
        ledger=_LEDGER if has_step else _RELEASE if shape.ends else sql.SQL(""),
    ).as_bytes()


def _assignment(column: str) -> sql.Composable:
    if column in _NEVER_FALLING:
        template = "{column} = greatest(task.{column}, {value})"
    elif column in _TOTALS:
        template = "{column} = task.{column} + {value}"
    else:
        template = "{column} = {value}"
    return sql.SQL(template).format(column=sql.Identifier(column), value=sql.Placeholder(f"new_{column}"))


def _holds(cursor: Any, claim: Claim) -> bool:
    cursor.execute("SELECT claim_token FROM workflows_task WHERE id = %s", [claim.task_id])
    row = cursor.fetchone()
    return row is not None and row[0] == claim.token


def _step_values(step: Step) -> dict[str, Any]:
    usage = step.usage
    return {
        "step_key": step.key,
        "step_kind": step.kind,
        "step_output": _dump(step.output),
        "step_prompt_tokens": usage.prompt_tokens,
        "step_completion_tokens": usage.completion_tokens,
        "step_latency_ms": usage.latency_ms,
        "step_cost_usd": None if usage.cost_usd is None else Decimal(str(usage.cost_usd)),
        "step_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def _dump(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


_JSON = frozenset({"result", "error"})
_CLEARED = ("worker_id", "pause_requested_at", "paused_at", "waiting_since")
"""What every change of the status ends, unless it says otherwise."""
_NEVER_FALLING = frozenset({"progress"})
_TOTALS = frozenset({"model_calls", "unpriced_calls", "prompt_tokens", "completion_tokens", "cost_usd"})

_APPEND = sql.SQL("""
WITH task AS (
    UPDATE workflows_task AS task SET {assignments} WHERE {guards}
    RETURNING task.id, task.last_seq, task.session_id, task.claim_token, task.thread_id, task.run_no,
        task.group_id
), session AS (
    UPDATE client_sessions_clientsession AS session
    SET last_seq = session.last_seq + 1, last_activity = clock_timestamp()
    FROM task WHERE session.id = task.session_id
    RETURNING session.id, session.last_seq
){ledger}
INSERT INTO workflows_event (task_id, seq, session_id, session_seq, key, kind, data, created_at)
SELECT task.id, task.last_seq, session.id, session.last_seq, %(key)s, %(kind)s, %(data)s::json, clock_timestamp()
FROM task LEFT JOIN session ON true
RETURNING seq, session_id, session_seq, created_at,
    (SELECT claim_token FROM task), (SELECT thread_id FROM task), (SELECT run_no FROM task)
""")

_LEDGER = sql.SQL(""", ledger AS (
    INSERT INTO workflows_step
        (task_id, key, kind, output, prompt_tokens, completion_tokens, latency_ms, cost_usd, created_at)
    SELECT id, %(step_key)s, %(step_kind)s, %(step_output)s::json, %(step_prompt_tokens)s,
        %(step_completion_tokens)s, %(step_latency_ms)s, %(step_cost_usd)s, clock_timestamp()
    FROM task
), spending AS (
    UPDATE workflows_spending SET tokens = workflows_spending.tokens + %(step_tokens)s,
        cost_usd = workflows_spending.cost_usd + coalesce(%(step_cost_usd)s, 0)
    FROM task WHERE workflows_spending.group_id = task.group_id AND day = (clock_timestamp() AT TIME ZONE 'UTC')::date
        AND %(step_tokens)s > 0
), freed AS (
    DELETE FROM workflows_reservation USING task
    WHERE workflows_reservation.task_id = task.id AND workflows_reservation.key = %(step_key)s
)""")

_RELEASE = sql.SQL(""", freed AS (
    DELETE FROM workflows_reservation USING task WHERE workflows_reservation.task_id = task.id
), withdrawn AS (
    UPDATE workflows_question SET status = 'withdrawn', settled_at = clock_timestamp()
    FROM task WHERE workflows_question.task_id = task.id AND workflows_question.status = 'open'
)""")

_APPEND_TO_SESSION = """
WITH session AS (
    UPDATE client_sessions_clientsession AS session
    SET last_seq = session.last_seq + 1, status = %(status)s, closed_at = clock_timestamp()
    WHERE session.id = %(session_id)s AND session.closed_at IS NULL
    RETURNING session.id, session.last_seq
)
INSERT INTO workflows_event (session_id, session_seq, kind, data, created_at)
SELECT id, last_seq, %(kind)s, %(data)s::json, clock_timestamp() FROM session
RETURNING session_seq, created_at
"""

_APPEND_TEXTS = """
WITH given AS (
    SELECT *
    FROM unnest(%(task_ids)s::uuid[], %(tokens)s::int[], %(numbers)s::bigint[], %(kinds)s::text[], %(datas)s::text[])
        WITH ORDINALITY AS given (task_id, token, number, kind, data, place)
), locked AS MATERIALIZED (
    SELECT id, claim_token, text_no, last_seq, session_id, thread_id, run_no FROM workflows_task
    WHERE id IN (SELECT task_id FROM given) ORDER BY id FOR NO KEY UPDATE
), piece AS MATERIALIZED (
    SELECT given.*, locked.session_id,
        locked.last_seq + row_number() OVER (PARTITION BY locked.id ORDER BY given.place) AS seq,
        row_number() OVER (PARTITION BY locked.session_id ORDER BY given.place) AS session_place
    FROM given JOIN locked
        ON locked.id = given.task_id AND locked.claim_token = given.token AND locked.text_no < given.number
), task AS (
    UPDATE workflows_task AS task SET last_seq = newest.seq, text_no = newest.number
    FROM (SELECT task_id, max(seq) AS seq, max(number) AS number FROM piece GROUP BY task_id) AS newest
    WHERE task.id = newest.task_id
), locked_session AS MATERIALIZED (
    SELECT id, last_seq FROM client_sessions_clientsession
    WHERE id IN (SELECT session_id FROM piece) ORDER BY id FOR NO KEY UPDATE
), session AS (
    UPDATE client_sessions_clientsession AS session
    SET last_seq = locked_session.last_seq + counted.pieces, last_activity = clock_timestamp()
    FROM locked_session
        JOIN (SELECT session_id, count(*) AS pieces FROM piece GROUP BY session_id) AS counted
        ON counted.session_id = locked_session.id
    WHERE session.id = locked_session.id
)
INSERT INTO workflows_event (task_id, seq, session_id, session_seq, kind, data, created_at)
SELECT piece.task_id, piece.seq, piece.session_id, locked_session.last_seq + piece.session_place, piece.kind,
    piece.data::json, clock_timestamp()
FROM piece LEFT JOIN locked_session ON locked_session.id = piece.session_id
ORDER BY piece.place
RETURNING task_id, seq, session_id, session_seq, kind, data, created_at,
    (SELECT thread_id FROM locked WHERE id = task_id), (SELECT run_no FROM locked WHERE id = task_id)
"""
