"""Webhooks: registered, changed, signed for. What they are told, and how far they are, is in `deliveries`."""

import base64
import secrets as randomness
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook as Signer

from sessions.callers import Caller
from workflows.events import STREAMED, TASK_ENDINGS, Kind
from workflows.exceptions import Conflict
from workflows.models import Webhook
from workflows.services import secrets

MOST: Final = 20
"""Webhooks of one group."""
DEFAULT_TYPES: Final = (*sorted(TASK_ENDINGS), "question.asked")
FORMER_HOURS: Final = 24
"""So long a former secret signs beside the new one."""
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def kinds_for(types: Sequence[str]) -> list[str]:
    """The kinds that these globs name. Pieces of text come by the thousand: they have to be named in full."""
    return [
        kind
        for kind in Kind
        if kind in types or (kind not in STREAMED and any(fnmatchcase(kind, glob) for glob in types))
    ]


@transaction.atomic
def create_webhook(caller: Caller, *, name: str, url: str, types: Sequence[str]) -> tuple[Webhook, str]:
    """The row, and its secret, which is not shown again. Raises Conflict where the group has too many."""
    Group.objects.select_for_update(no_key=True).get(pk=caller.group_id)
    if Webhook.objects.filter(group=caller.group_id).count() >= MOST:
        raise Conflict(f"A group may have {MOST} webhooks. Delete one that is not needed any more.")
    secret = _new_secret()
    webhook = Webhook.objects.create(
        group=caller.group,
        created_by=caller.user,
        name=name,
        url=url,
        types=list(types),
        secrets=secrets.encrypt({"current": secret}),
    )
    return webhook, secret


def edit_webhook(webhook: Webhook, changes: Mapping[str, Any]) -> None:
    """Change `name`, `url`, `types` or `is_active`. Who is made active again has no reason not to be."""
    if changes.get("is_active"):
        changes = {**changes, "disabled_reason": ""}
    if changes:
        Webhook.objects.filter(pk=webhook.pk).update(**changes)
    webhook.refresh_from_db()


def deactivate_webhook(webhook: Webhook, *, reason: str) -> bool:
    """Deliver nothing more. False if it was not active."""
    active = Webhook.objects.filter(pk=webhook.pk, is_active=True)
    return active.update(is_active=False, disabled_reason=reason) == 1


def delete_webhook(webhook: Webhook) -> None:
    """Take the webhook away, and what is known of its deliveries."""
    Webhook.objects.filter(pk=webhook.pk).delete()


@transaction.atomic
def rotate_secret(webhook: Webhook) -> str:
    """A new secret, which is not shown again. The former one signs beside it for a day."""
    held = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
    new = _new_secret()
    held.secrets = secrets.encrypt({"current": new, "former": secrets.decrypt(held.secrets)["current"]})
    held.former_until = timezone.now() + timedelta(hours=FORMER_HOURS)
    held.save(update_fields=["secrets", "former_until"])
    webhook.refresh_from_db()
    return new


def signed_headers(webhook: Webhook, id: str, body: str, now: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks 1.0 (https://www.standardwebhooks.com), one signature for each secret
    that is valid. Raises Unavailable where the secret cannot be decrypted."""
    known = secrets.decrypt(webhook.secrets)
    valid = [known["current"]]
    if "former" in known and webhook.former_until and now < webhook.former_until:
        valid.append(known["former"])
    # The library takes the clock's face for UTC, whatever the zone.
    at = now.astimezone(UTC)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(id, at, body) for secret in valid),
    }


def _new_secret() -> str:
    return _PREFIX + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()
