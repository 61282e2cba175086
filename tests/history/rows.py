"""Reads what the database holds, by plain SQL: the checker does not trust the product's reading. How AgentArea shows a
row it asks the product, whose golden transcripts say that."""

import uuid
from collections import Counter
from typing import Any

import psycopg

from tests.history.history import HIDDEN, Row, TaskRow
from tests.history.wire import digest_of
from workflows.dialects.agentarea.frames import TaskFramer
from workflows.events import Kind
from workflows.models import EventRow

UNFINISHED = "SELECT count(*) FROM workflows_task WHERE ended_at IS NULL"


def node_step(kind: str, data: dict[str, Any]) -> str | None:
    """The key of the step that an event of a node settles."""
    match kind:
        case Kind.NODE_FINISHED:
            return str(data["node_run"])
        case Kind.NODE_RETRIED | Kind.NODE_FAILED:
            return f"{data['node_run']}/attempt/{data['attempt']}"
    return None


def _row(event: EventRow, agent: uuid.UUID | None) -> Row:
    frame = TaskFramer(agent, event.thread_id).frame(event) if agent and event.thread_id else None
    return Row(
        task_id=str(event.task_id) if event.task_id else None,
        seq=event.seq,
        session_id=str(event.session_id) if event.session_id else None,
        session_seq=event.session_seq,
        kind=event.kind,
        digest=digest_of(event.data),
        call=event.data.get("call"),
        marker=event.data.get("marker"),
        node_step=node_step(event.kind, event.data),
        thread_id=str(event.thread_id) if event.thread_id else None,
        run_no=event.run_no,
        frame=(frame.name or "", digest_of(frame.data["data"])) if frame else None,
    )


class Rows:
    """The rows of one database."""

    def __init__(self, url: str) -> None:
        self._url = url

    def events(self) -> list[Row]:
        query = """
            SELECT event.task_id, seq, event.session_id, session_seq, kind, data, event.created_at, thread_id, run_no,
                agent_id
            FROM workflows_event AS event
            LEFT JOIN workflows_task AS task ON task.id = event.task_id
            LEFT JOIN workflows_thread AS thread ON thread.id = thread_id
            ORDER BY event.id
        """
        return [_row(EventRow(*columns), agent) for *columns, agent in self._all(query)]

    def tasks(self) -> list[TaskRow]:
        query = """
            SELECT id, goal, status, last_seq,
                ARRAY(SELECT key::text FROM workflows_step WHERE task_id = task.id ORDER BY id)
            FROM workflows_task AS task
        """
        return [
            TaskRow(str(id), goal, status, last, tuple(settled)) for id, goal, status, last, settled in self._all(query)
        ]

    def shown_in_session(self, session_id: str) -> list[Row]:
        """What the session's stream has to show, in its order."""
        rows = [row for row in self.events() if row.session_id == session_id and row.kind not in HIDDEN]
        return sorted(rows, key=lambda row: row.session_seq or 0)

    def unfinished(self) -> int:
        return int(self._all(UNFINISHED)[0][0])

    def stored(self) -> Counter[str]:
        """How many tasks there are under each Idempotency-Key, whatever the route."""
        keys = self._all("SELECT idempotency_key FROM workflows_task WHERE idempotency_key IS NOT NULL")
        return Counter(row[0] for row in keys)

    def forgotten_transactions(self) -> list[str]:
        """Connections that sit in a transaction, and advisory locks that nobody gives back."""
        query = """
            SELECT 'idle in transaction: ' || left(query, 100) FROM pg_stat_activity
            WHERE datname = current_database() AND state LIKE 'idle in transaction%'
            UNION ALL SELECT 'advisory lock' FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE locktype = 'advisory' AND state = 'idle' AND state_change < now() - interval '2 seconds'
        """
        return [row[0] for row in self._all(query)]

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as connection:
            return connection.execute(query).fetchall()
