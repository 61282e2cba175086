"""Reads what the database holds, by plain SQL: the checker does not trust the product's reading."""

from collections import Counter
from typing import Any

import psycopg

from tests.history.history import HIDDEN, Row, TaskRow
from tests.history.readers import digest_of
from workflows.events import Kind

UNFINISHED = "SELECT count(*) FROM workflows_task WHERE ended_at IS NULL"


def node_step(kind: str, data: dict[str, Any]) -> str | None:
    """The key of the step that an event of a node settles."""
    match kind:
        case Kind.NODE_FINISHED:
            return str(data["node_run"])
        case Kind.NODE_RETRIED | Kind.NODE_FAILED:
            return f"{data['node_run']}/attempt/{data['attempt']}"
    return None


class Rows:
    """The rows of one database."""

    def __init__(self, url: str) -> None:
        self._url = url

    def events(self) -> list[Row]:
        query = "SELECT task_id, seq, session_id, session_seq, kind, data FROM workflows_event ORDER BY id"
        return [
            Row(
                task_id=str(task) if task else None,
                seq=seq,
                session_id=str(session) if session else None,
                session_seq=session_seq,
                kind=kind,
                digest=digest_of(data),
                call=data.get("call"),
                marker=data.get("marker"),
                node_step=node_step(kind, data),
            )
            for task, seq, session, session_seq, kind, data in self._all(query)
        ]

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
