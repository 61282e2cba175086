"""Delivers events to webhooks, on the worker process's loop, while it also runs tasks."""

import asyncio
import json
import logging
import uuid
from typing import Any, Final

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from workflows.database import DatabaseThreads
from workflows.exceptions import Unavailable
from workflows.models import EventRow, Webhook
from workflows.models.stream import timestamp
from workflows.outgoing.addresses import networks
from workflows.outgoing.posting import Reply, post
from workflows.services import deliveries
from workflows.services.deliveries import DeliveryClaim
from workflows.services.webhooks import signed_headers

logger = logging.getLogger(__name__)

TEST: Final = "webhook.test"
AT_ONCE = 32
AT_ONCE_EACH = 4
"""Of one webhook, so that a receiver that hangs holds up nobody but itself."""


def message_of(event: EventRow) -> tuple[str, str]:
    """The id, which is the same whenever the event is sent again, and the body."""
    shown = event.to_object()
    body = {"type": event.kind, "timestamp": shown["timestamp"], "data": shown}
    return f"{event.task_id}:{event.seq}", _dump(body)


async def send(webhook: Webhook, id: str, body: str) -> Reply:
    """Sign and send, once. Whatever happens on the way is a reply without a status."""
    try:
        headers = signed_headers(webhook, id, body, timezone.now())
    except Unavailable as error:
        return Reply(None, error.detail)
    return await post(webhook.url, body, headers, networks(settings.WEBHOOK_ALLOWED_NETWORKS))


async def send_test(webhook: Webhook) -> Reply:
    """An event that no task told, sent now, so that a person sees whether the receiver takes it."""
    now = timezone.now()
    data = {"webhook_id": str(webhook.pk), "name": webhook.name}
    body = {"type": TEST, "timestamp": timestamp(now), "data": data}
    return await send(webhook, f"test:{uuid.uuid4()}", _dump(body))


def _dump(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"))


class Deliverer:
    """One per worker process. `round` is called once a second, `stop` once."""

    def __init__(self, worker_id: uuid.UUID) -> None:
        self._worker_id = worker_id
        self._running: dict[DeliveryClaim, asyncio.Task[None]] = {}
        # Apart, so that no task waits for a webhook.
        self._threads = DatabaseThreads(2, "webhooks")

    async def round(self) -> None:
        """Claim what is due and deliver it in the background, until nothing more is due or has room."""
        while await self._claim():
            await asyncio.wait(self._running.values(), timeout=1, return_when=asyncio.FIRST_COMPLETED)

    async def _claim(self) -> bool:
        room = AT_ONCE - len(self._running)
        if room <= 0:
            return False
        claimed = await self._threads.run(
            deliveries.claim_deliveries, self._worker_id, list(self._running), most=room, most_each=AT_ONCE_EACH
        )
        for claim in claimed:
            self._running[claim] = asyncio.create_task(self._deliver(claim))
        return bool(claimed)

    async def stop(self) -> None:
        """Break off, and give the claims back. What was just being sent may be sent again."""
        running = dict(self._running)
        for work in running.values():
            work.cancel()
        if running:
            await asyncio.wait(running.values())
        for claim in running:
            await self._threads.insist(deliveries.give_back, claim)

    async def _deliver(self, claim: DeliveryClaim) -> None:
        try:
            await self._send_all(claim)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database does not answer (%s)", type(error).__name__)
        except Exception:  # a defect must not end the other deliveries; the cursor is claimed again in a later round
            logger.exception("delivery %s failed by a defect", claim.id)
        finally:
            del self._running[claim]

    async def _send_all(self, claim: DeliveryClaim) -> None:
        """Event after event, each when the one before was accepted."""
        while batch := await self._threads.run(deliveries.next_batch, claim):
            for event in batch.events:
                id, body = message_of(event)
                reply = await send(batch.webhook, id, body)
                if not reply.is_accepted:
                    logger.info(
                        "webhook %s did not take %s: %s %s",
                        batch.webhook.pk,
                        id,
                        reply.status or "no answer",
                        reply.said,
                    )
                if not await self._threads.insist(deliveries.settle, claim, event, reply, timezone.now()):
                    return
