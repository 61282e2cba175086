"""What webhooks are told of tasks: a cursor for each webhook and task, claimed by one worker at a time.

A cursor is made with its task, in one transaction. It moves when the receiver has accepted an event, or when nothing
follows that its webhook wants; so nothing can be left out, and what was under way at a crash is sent again.
"""

import random
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from workflows.exceptions import Conflict, Invalid
from workflows.measures import MEASURES
from workflows.models import Delivery, Event, EventRow, Task, Webhook
from workflows.models.webhook import OPEN
from workflows.outgoing.posting import Reply
from workflows.services.webhooks import deactivate_webhook, kinds_for

PAGE: Final = 20
"""Events read at once. With at most 64 KB each, many cursors side by side stay small."""
PASSED_OVER: Final = 1000
"""Cursors of one webhook that a round looks through for those past which nothing is wanted."""
FIRST_DELAY_S: Final = 5.0
LONGEST_DELAY_S: Final = 3600.0
JITTER: Final = 0.2
"""A share of the delay, up or down, so that what failed together does not come again together."""
GIVE_UP: Final = timedelta(hours=24)
"""After the first failure of an event."""
GONE: Final = 410


@dataclass(frozen=True)
class DeliveryClaim:
    """A worker's hold on a cursor, under a token that is good for this claim only."""

    id: int
    webhook_id: uuid.UUID
    token: int


@dataclass(frozen=True)
class Batch:
    """What is to be sent next, in order, and to whom."""

    webhook: Webhook
    events: list[EventRow]


def enrol(task: Task) -> None:
    """Make the cursors of a new task, for the webhooks that its group has now. In the submission's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_ENROL, {"task": task.pk, "group": task.group_id, "now": task.created_at})


def claim_deliveries(
    worker_id: uuid.UUID, under_way: Collection[DeliveryClaim], *, most: int, most_each: int
) -> list[DeliveryClaim]:
    """Claim cursors whose next event is due: at most so many, and of one webhook so many, with those under way.

    Before that, cursors go past events that their webhooks do not want.
    """
    webhooks = list(Webhook.objects.filter(is_active=True).values_list("pk", "types"))
    busy: dict[uuid.UUID, int] = {}
    for claim in under_way:
        busy[claim.webhook_id] = busy.get(claim.webhook_id, 0) + 1
    asked: dict[str, Any] = {
        "now": timezone.now(),
        "worker": worker_id,
        "under_way": [claim.id for claim in under_way],
        "webhooks": [pk for pk, _ in webhooks],
        "kinds": [",".join(kinds_for(types)) for _, types in webhooks],
        "room": [most_each - busy.get(pk, 0) for pk, _ in webhooks],
        "most": most,
        "passed_over": PASSED_OVER,
    }
    if not webhooks:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_PASS_OVER, asked)
        cursor.execute(_CLAIM, asked)
        return [DeliveryClaim(*row) for row in cursor.fetchall()]


def next_batch(claim: DeliveryClaim) -> Batch | None:
    """The events that come next. None, and the claim is given back, where nothing is to be sent; None also where the
    claim is over."""
    held = _held(claim).select_related("webhook").first()
    if held is None:
        return None
    rows = Event.objects.filter(task=held.task_id, seq__gt=held.last_seq, kind__in=kinds_for(held.webhook.types))
    columns = ("task_id", "seq", "session_id", "session_seq", "kind", "data", "created_at")
    events = [EventRow(*row) for row in rows.order_by("seq").values_list(*columns)[:PAGE]]
    if not events or not held.webhook.is_active:
        give_back(claim)
        return None
    return Batch(held.webhook, events)


def settle(claim: DeliveryClaim, event: EventRow, reply: Reply, now: datetime) -> bool:
    """Write down what the receiver answered. True: go on with the next event; False: the claim is over."""
    if reply.is_accepted:
        MEASURES.deliveries["accepted"] += 1
        moved = _held(claim).update(
            last_seq=event.seq,
            accepted=F("accepted") + 1,
            attempts=0,
            first_failed_at=None,
            next_attempt_at=now,
            last_status=reply.status,
            last_error="",
            last_attempt_at=now,
        )
        return moved == 1
    _fail(claim, reply, now)
    return False


def give_back(claim: DeliveryClaim) -> None:
    """End a claim, so that any worker may take the cursor."""
    _held(claim).update(worker=None, claim_token=F("claim_token") + 1)


def replay(webhook: Webhook, task: Task, after: int) -> Delivery:
    """Deliver again the events of a task that follow an id, whatever became of them before.

    Raises Conflict for a webhook that is not active, and Invalid for an id that the task has not told.
    """
    if not webhook.is_active:
        raise Conflict(f"The webhook {webhook.name} is not active. Activate it first.")
    if not 0 <= after <= task.last_seq:
        raise Invalid.at("body", "after", msg=f"Must be from 0 to {task.last_seq}, the task's last event.")
    anew = {
        "last_seq": after,
        "pruned_seq": 0,
        "attempts": 0,
        "first_failed_at": None,
        "next_attempt_at": timezone.now(),
        "last_error": "",
        "given_up_at": None,
        "done_at": None,
        "worker": None,
    }
    delivery, created = Delivery.objects.get_or_create(webhook=webhook, task=task, defaults=anew)
    if not created:
        Delivery.objects.filter(pk=delivery.pk).update(claim_token=F("claim_token") + 1, **anew)
        delivery.refresh_from_db()
    return delivery


def delay_after(attempts: int, reply: Reply) -> float:
    """Seconds until the next attempt: doubling, and longer where the receiver asks for it, within bounds."""
    delay = min(FIRST_DELAY_S * 2.0 ** min(attempts - 1, 20), LONGEST_DELAY_S)
    delay *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
    return min(max(delay, reply.retry_after or 0.0), LONGEST_DELAY_S)


def _fail(claim: DeliveryClaim, reply: Reply, now: datetime) -> None:
    held = _held(claim).select_related("webhook").first()
    if held is None:
        return
    first = held.first_failed_at or now
    is_gone = reply.status == GONE
    given_up = is_gone or now - first >= GIVE_UP
    # The last attempt is made when the day is over, not some time before.
    next_attempt = min(now + timedelta(seconds=delay_after(held.attempts + 1, reply)), first + GIVE_UP)
    MEASURES.deliveries["given_up" if given_up else "failed"] += 1
    _held(claim).update(
        worker=None,
        claim_token=F("claim_token") + 1,
        attempts=F("attempts") + 1,
        first_failed_at=first,
        next_attempt_at=next_attempt,
        given_up_at=now if given_up else None,
        last_status=reply.status,
        last_error=reply.said or f"The receiver answered {reply.status}.",
        last_attempt_at=now,
    )
    if is_gone:
        deactivate_webhook(held.webhook, reason=f"The receiver answered 410 Gone, at {now:%Y-%m-%d %H:%M} UTC.")


def _held(claim: DeliveryClaim) -> QuerySet[Delivery]:
    return Delivery.objects.filter(OPEN, pk=claim.id, claim_token=claim.token)


# A webhook that is just being deleted is passed by: it must not fail the submission.
_ENROL = """
INSERT INTO workflows_delivery (webhook_id, task_id, last_seq, pruned_seq, accepted, attempts, next_attempt_at,
    last_error, claim_token, created_at)
SELECT id, %(task)s, 0, 0, 0, 0, %(now)s, '', 0, %(now)s
FROM workflows_webhook WHERE group_id = %(group)s AND is_active FOR KEY SHARE SKIP LOCKED
"""

# Free is a cursor that nobody holds, whose holder's lease is over, or that this process holds without knowing it:
# a claim whose COMMIT was not answered.
_FREE = """
    delivery.done_at IS NULL AND delivery.given_up_at IS NULL
    AND NOT delivery.id = ANY(%(under_way)s)
    AND (delivery.worker_id IS NULL OR delivery.worker_id = %(worker)s OR NOT EXISTS (
        SELECT FROM workflows_worker WHERE id = delivery.worker_id AND lease_until > %(now)s))
"""
_WANTED = """
    EXISTS (SELECT FROM workflows_event AS event WHERE event.task_id = delivery.task_id
        AND event.seq > delivery.last_seq AND event.kind = ANY(string_to_array(webhook.kinds, ',')))
"""

# A bounded number of each webhook's, the longest untouched first: one that hangs may have any number waiting.
_PASS_OVER = f"""
UPDATE workflows_delivery AS delivery
SET last_seq = nothing.last_seq, attempts = 0, first_failed_at = NULL, next_attempt_at = %(now)s,
    pruned_seq = CASE WHEN delivery.last_seq < nothing.pruned_seq THEN nothing.pruned_seq ELSE delivery.pruned_seq END,
    done_at = CASE WHEN nothing.has_ended THEN %(now)s END, worker_id = NULL, claim_token = delivery.claim_token + 1
FROM (
    SELECT delivery.id, found.last_seq, found.pruned_seq, found.has_ended
    FROM unnest(%(webhooks)s::uuid[], %(kinds)s::text[]) AS webhook (id, kinds)
    CROSS JOIN LATERAL (
        SELECT delivery.id, delivery.claim_token, task.last_seq, task.pruned_seq, task.ended_at IS NOT NULL AS has_ended
        FROM workflows_delivery AS delivery JOIN workflows_task AS task ON task.id = delivery.task_id
        WHERE delivery.webhook_id = webhook.id AND delivery.next_attempt_at <= %(now)s AND {_FREE}
            AND (task.last_seq > delivery.last_seq OR task.ended_at IS NOT NULL)
        ORDER BY delivery.next_attempt_at LIMIT %(passed_over)s
    ) AS found
    JOIN workflows_delivery AS delivery ON delivery.id = found.id AND delivery.claim_token = found.claim_token
    WHERE NOT {_WANTED}
    FOR UPDATE OF delivery SKIP LOCKED
) AS nothing WHERE delivery.id = nothing.id
"""  # noqa: S608

_CLAIM = f"""
UPDATE workflows_delivery AS delivery
SET worker_id = %(worker)s, claim_token = delivery.claim_token + 1,
    pruned_seq = CASE WHEN delivery.last_seq < due.pruned_seq THEN due.pruned_seq ELSE delivery.pruned_seq END
FROM (
    SELECT found.id, found.pruned_seq
    FROM unnest(%(webhooks)s::uuid[], %(kinds)s::text[], %(room)s::integer[]) AS webhook (id, kinds, room)
    CROSS JOIN LATERAL (
        SELECT delivery.id, task.pruned_seq
        FROM workflows_delivery AS delivery JOIN workflows_task AS task ON task.id = delivery.task_id
        WHERE delivery.webhook_id = webhook.id AND delivery.next_attempt_at <= %(now)s AND {_FREE}
            AND task.last_seq > delivery.last_seq AND {_WANTED}
        ORDER BY delivery.next_attempt_at LIMIT greatest(webhook.room, 0) FOR UPDATE OF delivery SKIP LOCKED
    ) AS found
    LIMIT %(most)s
) AS due WHERE delivery.id = due.id
RETURNING delivery.id, delivery.webhook_id, delivery.claim_token
"""  # noqa: S608
