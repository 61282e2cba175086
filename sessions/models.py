"""Tokens, stream tickets and client sessions. The rows of a session change through `workflows.services` only."""

import hashlib
import secrets
import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from sessions.callers import Caller

TOKEN_PREFIX = "evo_"  # noqa: S105 - not a secret: what every token begins with


def digest_of(secret: str) -> str:
    """What is stored of a token or a ticket."""
    # A plain hash is enough: they are 256 random bits, so there is nothing to guess from.
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiToken(models.Model):
    """A bearer token of a user who acts for a group. Only its digest is stored."""

    name = models.CharField(max_length=100)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, *, name: str, user_id: int, group_id: int, expires_at: datetime | None = None) -> tuple[Self, str]:
        """A new token's row, and the token itself, which cannot be shown again."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        row = cls.objects.create(
            name=name, user_id=user_id, group_id=group_id, digest=digest_of(token), expires_at=expires_at
        )
        return row, token

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class StreamTicket(models.Model):
    """Opens one stream for the caller who asked for it. Only its digest is stored. Written by `sessions.tickets`."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.CASCADE, related_name="+")
    """Whose end is the ticket's too. None where the caller was logged in or local."""
    path = models.CharField(max_length=2000)
    stream_kind = models.CharField(max_length=10)
    stream_id = models.UUIDField()
    newest = models.BigIntegerField(default=0)
    """The number of its newest connection. Older ones are ended."""
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"ticket {self.pk}"


class ClientSessionQuerySet(models.QuerySet["ClientSession"]):
    def visible_to(self, caller: Caller) -> Self:
        return self.filter(group_id=caller.group_id)


class ClientSession(models.Model):
    """A client's persistent connection over many tasks; its events are numbered by `session_seq`."""

    class Status(models.TextChoices):
        OPEN = "open"
        CLOSING = "closing"
        CLOSED = "closed"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    last_seq = models.BigIntegerField(default=0)
    pruned_seq = models.BigIntegerField(default=0)
    """Events up to here may be gone; 0 while none are."""
    created_at = models.DateTimeField(default=timezone.now)
    last_activity = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ClientSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="session_status_known",
                condition=models.Q(status__in=["open", "closing", "closed", "expired"]),
            ),
            models.CheckConstraint(
                name="session_closed_at_when_ended",
                condition=models.Q(status__in=["open", "closing"], closed_at=None)
                | models.Q(status__in=["closed", "expired"], closed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["group", "-created_at"], name="session_by_group"),
            models.Index(fields=["status", "-created_at", "-id"], name="session_by_status"),
            models.Index(fields=["-created_at", "-id"], name="session_by_age"),
            models.Index(
                fields=["last_activity"],
                name="session_unfinished",
                condition=models.Q(status__in=["open", "closing"]),
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.pk}"
