"""What becomes of old events: streamed text is compacted, and after a while only closing events are left.

In small batches, by the workers' sweep. Neither breaks a resume: a compacted row carries the last of the ids that it
replaces, and an id before pruned rows is answered with a `reset`.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from workflows.events import STREAMED, TASK_ENDINGS, Kind
from workflows.models import Task

logger = logging.getLogger(__name__)

BATCH = 50
"""Tasks a round."""
ROW_CHARACTERS = 10_000
"""How much text one compacted row holds; at most six bytes a character, it stays under an event's 64 KB."""

ANEW = [Kind.TASK_STARTED, Kind.MODEL_RETRIED]


def compact_texts(limit: int = BATCH) -> int:
    """Compact the text of tasks that ended `TEXT_RETENTION_SECONDS` ago. Returns how many tasks."""
    ended = timezone.now() - timedelta(seconds=settings.TEXT_RETENTION_SECONDS)
    due = list(
        Task.objects.filter(ended_at__lt=ended, compacted_at=None)
        .order_by("ended_at")[:limit]
        .values_list("pk", flat=True)
    )
    for task_id in due:
        with connection.cursor() as cursor, transaction.atomic():
            cursor.execute(
                _COMPACT, {"task_id": task_id, "kinds": sorted(STREAMED), "anew": ANEW, "characters": ROW_CHARACTERS}
            )
            Task.objects.filter(pk=task_id).update(compacted_at=timezone.now())
    if due:
        logger.info("the text of %d ended tasks was compacted", len(due))
    return len(due)


def prune_events(limit: int = BATCH) -> int:
    """Delete the events of tasks that ended `EVENT_RETENTION_SECONDS` ago, but for the closing ones. 0 keeps all."""
    if not settings.EVENT_RETENTION_SECONDS:
        return 0
    ended = timezone.now() - timedelta(seconds=settings.EVENT_RETENTION_SECONDS)
    due = list(
        Task.objects.filter(ended_at__lt=ended, pruned_seq=0).order_by("ended_at")[:limit].values_list("pk", flat=True)
    )
    for task_id in due:
        with connection.cursor() as cursor, transaction.atomic():
            cursor.execute(_PRUNE, {"task_id": task_id, "endings": sorted(TASK_ENDINGS)})
    if due:
        logger.info("the events of %d old tasks were pruned", len(due))
    return len(due)


# Text of one call, which is a model's or a tool's, is one run, whatever other calls told in between. It is cut where a
# row would grow too long, and where a call may have begun anew: after a retry, or with another worker.
_COMPACT = """
WITH numbered AS (
    SELECT *, count(*) FILTER (WHERE kind = ANY(%(anew)s)) OVER (ORDER BY seq) AS beginning
    FROM workflows_event WHERE task_id = %(task_id)s
), text AS (
    SELECT id, seq, data->>'call' AS call, data->>'text' AS text, beginning,
        sum(length(data->>'text')) OVER (PARTITION BY beginning, data->>'call' ORDER BY seq) / %(characters)s AS part
    FROM numbered WHERE kind = ANY(%(kinds)s)
), run AS (
    SELECT call, beginning, part, max(seq) AS last_seq, min(seq) AS first_seq, count(*) AS rows,
        string_agg(text, '' ORDER BY seq) AS text
    FROM text GROUP BY call, beginning, part
), kept AS (
    UPDATE workflows_event AS event
    SET data = json_build_object('call', run.call, 'stage', event.data->'stage', 'node', event.data->'node',
        'index', run.part, 'text', run.text, 'first_seq', run.first_seq)
    FROM run WHERE event.task_id = %(task_id)s AND event.seq = run.last_seq
        AND (run.rows > 1 OR run.part > 0)
)
DELETE FROM workflows_event AS event USING text, run
WHERE event.id = text.id AND text.call = run.call AND text.beginning = run.beginning AND text.part = run.part
    AND text.seq < run.last_seq
"""

# Tasks before sessions, as everywhere.
_PRUNE = """
WITH pruned AS (
    DELETE FROM workflows_event WHERE task_id = %(task_id)s AND NOT kind = ANY(%(endings)s)
    RETURNING seq, session_id, session_seq
), task AS (
    UPDATE workflows_task SET pruned_seq = greatest(1, (SELECT max(seq) FROM pruned)) WHERE id = %(task_id)s
)
UPDATE client_sessions_clientsession AS session SET pruned_seq = greatest(session.pruned_seq, gone.last)
FROM (SELECT session_id, max(session_seq) AS last FROM pruned WHERE session_id IS NOT NULL GROUP BY session_id) AS gone
WHERE session.id = gone.session_id
"""
