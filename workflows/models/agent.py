"""Agents that a group keeps, to be talked to."""

import uuid
from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from sessions.callers import Caller
from workflows.models.fields import OrderedJSONField


class AgentQuerySet(models.QuerySet["Agent"]):
    def visible_to(self, caller: Caller) -> Self:
        return self.filter(group_id=caller.group_id, deleted_at=None)


class Agent(models.Model):
    """An agent by its name. What it is stands in its versions; its conversations are threads."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    """Tasks keep a group from being deleted; the agent that every group begins with does not."""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    """None: it came with the group."""
    name = models.CharField(max_length=200)
    last_version = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)
    """A deleted agent is nobody's any more; its conversations stay, as tasks."""

    objects = AgentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["group", "-created_at", "-id"], name="agent_by_group", condition=models.Q(deleted_at=None)
            ),
            models.Index(fields=["-created_at", "-id"], name="agent_by_age"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def newest(self) -> "AgentVersion":
        """Its newest version."""
        return self.versions.get(number=self.last_version)


class AgentVersion(models.Model):
    """What an agent was from one edit to the next. Never changed: a task points to the one that it runs."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.IntegerField()
    definition = OrderedJSONField()
    """`{"description", "instructions", "model", "tools_config", "events_config", "planning", "enable_streaming",
    "budget_usd"}`; a `model` of None is the server's own."""
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "number"], name="version_number_once_per_agent"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.agent_id}"
