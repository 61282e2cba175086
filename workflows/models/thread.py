"""Tasks in a row, one at a time."""

import uuid
from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from sessions.callers import Caller
from workflows.models.agent import Agent
from workflows.models.stream import StreamKey


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, caller: Caller) -> Self:
        return self.filter(group_id=caller.group_id)


class Thread(models.Model):
    """The runs of a workflow, or the turns of a conversation: tasks numbered 1, 2, 3 … by their `run_no`.

    A run is claimed only after all before it have ended. The thread's stream tells of them in that order.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, null=True, on_delete=models.SET_NULL, related_name="threads", db_index=False)
    """Whose conversation it is, where it is one."""
    last_run = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="thread_by_age"),
            models.Index(
                fields=["agent", "-created_at", "-id"],
                name="thread_by_agent",
                condition=models.Q(agent__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"thread {self.pk}"

    @property
    def stream(self) -> StreamKey:
        return StreamKey("thread", self.pk)
