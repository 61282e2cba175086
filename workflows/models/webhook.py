"""Webhooks, and how far each of them is with each task."""

import uuid
from typing import Final, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from sessions.callers import Caller
from workflows.models.task import Task
from workflows.models.worker import Worker


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, caller: Caller) -> Self:
        return self.filter(group_id=caller.group_id)


class Webhook(models.Model):
    """An address that is told of the events of a group's tasks. Written by `services.webhooks`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=2000)
    types = ArrayField(models.CharField(max_length=100))
    """Globs over the kinds of events."""
    secrets = models.BinaryField()
    """Encrypted: `current`, and `former` for a while after a rotation."""
    former_until = models.DateTimeField(null=True)
    """Until then a former secret signs, too."""
    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=300, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["group", "-created_at", "-id"], name="webhook_by_group")]

    def __str__(self) -> str:
        return self.name


OPEN = models.Q(done_at=None, given_up_at=None)


STATES: Final = {
    "following": OPEN & models.Q(attempts=0),
    "failing": OPEN & models.Q(attempts__gt=0),
    "given_up": models.Q(given_up_at__isnull=False),
    "done": models.Q(done_at__isnull=False),
}
"""Of a delivery; each is in one of them."""


class Delivery(models.Model):
    """A cursor: what a webhook has been told of a task. Written by `services.deliveries`.

    One row for a webhook and a task, worked on by one worker at a time, is what keeps the order of a task's events.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+", db_index=False)
    last_seq = models.BigIntegerField(default=0)
    """Up to here every event was accepted by the receiver, or is none that it wants."""
    pruned_seq = models.BigIntegerField(default=0)
    """Events up to here were pruned before they could be delivered; 0 while none were."""
    accepted = models.IntegerField(default=0)
    """How many events the receiver has accepted."""
    attempts = models.IntegerField(default=0)
    """In vain, for the event that is next."""
    first_failed_at = models.DateTimeField(null=True)
    """When the event that is next could not be delivered for the first time."""
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_status = models.SmallIntegerField(null=True)
    """The HTTP status of the last answer; None if there was no answer, or no attempt yet."""
    last_error = models.CharField(max_length=300, default="")
    last_attempt_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    """When the task had ended and nothing was left to deliver."""
    worker = models.ForeignKey(Worker, null=True, on_delete=models.SET_NULL, related_name="+")
    """Who delivers, while its lease lasts."""
    claim_token = models.IntegerField(default=0)
    """Counts claims and their ends, so that a late write of a former claim is refused."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["task", "webhook"], name="delivery_once_per_task")]
        indexes = [
            models.Index(fields=["webhook", "next_attempt_at"], name="delivery_open", condition=OPEN),
            models.Index(
                fields=["first_failed_at"],
                name="delivery_failing",
                condition=OPEN & models.Q(first_failed_at__isnull=False),
            ),
            models.Index(
                fields=["given_up_at"], name="delivery_given_up", condition=models.Q(given_up_at__isnull=False)
            ),
            models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_by_webhook"),
            models.Index(fields=["-created_at", "-id"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"delivery of task {self.task_id}"

    @property
    def state(self) -> str:
        """Which of `STATES`."""
        if self.given_up_at:
            return "given_up"
        if self.done_at:
            return "done"
        return "failing" if self.attempts else "following"
