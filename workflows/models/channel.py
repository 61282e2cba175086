"""Channels: who talks to an agent, a workflow or the to-do list, by the name that clients give."""

import uuid
from typing import Final, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from sessions.callers import Caller
from workflows.models.agent import Agent
from workflows.models.fields import OrderedJSONField
from workflows.models.workflow import Workflow

TODO_LIST: Final = "todo_list"
"""The name of the to-do list that comes with the server, as fastWorkflow calls its example."""


class ChannelQuerySet(models.QuerySet["Channel"]):
    def visible_to(self, caller: Caller) -> Self:
        return self.filter(group_id=caller.group_id)


class Channel(models.Model):
    """One user of a group's clients, and the partner that this user talks to in conversations, one turn at a time."""

    class Partner(models.TextChoices):
        AGENT = "agent"
        WORKFLOW = "workflow"
        TODO = "todo"
        """The to-do list that comes with the server, one for each channel."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    """A name within the group, no user of ours: what a client calls its user."""
    partner = models.CharField(max_length=20, choices=Partner.choices)
    agent = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    workflow = models.ForeignKey(Workflow, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    context = OrderedJSONField(default=dict)
    """What the client said of the user's situation; given to the model, and back in answers."""
    show_agent_traces = models.BooleanField(default=True)
    active = models.ForeignKey("Conversation", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    """The conversation that the next turn belongs to; None: the next turn begins one."""
    last_conversation = models.IntegerField(default=0)
    last_todo = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "name"], name="channel_once_per_name"),
            models.CheckConstraint(
                name="channel_has_its_partner",
                condition=models.Q(partner="agent", agent__isnull=False, workflow=None)
                | models.Q(partner="workflow", agent=None, workflow__isnull=False)
                | models.Q(partner="todo", agent=None, workflow=None),
            ),
        ]
        indexes = [models.Index(fields=["-updated_at", "-id"], name="channel_by_age")]

    def __str__(self) -> str:
        return self.name

    @property
    def partner_name(self) -> str:
        """What it talks to, as its API calls it (`workflow_name`)."""
        partner = self.agent or self.workflow
        return partner.name if partner else TODO_LIST
