"""Workflows that were posted or generated, to be run as often as one likes."""

import uuid
from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from sessions.callers import Caller
from workflows.models.fields import OrderedJSONField
from workflows.models.thread import Thread


class WorkflowQuerySet(models.QuerySet["Workflow"]):
    def visible_to(self, caller: Caller) -> Self:
        return self.filter(group_id=caller.group_id, deleted_at=None)


class Workflow(models.Model):
    """A workflow by its name. What it holds stands in its versions; its runs are the tasks of its thread."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    thread = models.OneToOneField(Thread, on_delete=models.PROTECT, related_name="workflow")
    name = models.CharField(max_length=500)
    last_version = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)
    """A deleted workflow is nobody's any more; its runs stay."""

    objects = WorkflowQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["group", "-created_at", "-id"], name="workflow_by_group", condition=models.Q(deleted_at=None)
            ),
            models.Index(fields=["-created_at", "-id"], name="workflow_by_age"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def newest(self) -> "WorkflowVersion":
        """Its newest version."""
        return self.versions.get(number=self.last_version)


class WorkflowVersion(models.Model):
    """What a workflow held from one edit to the next. Never changed: a run points to the one that it runs."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.IntegerField()
    definition = OrderedJSONField()
    """As the caller wrote it: `{"tasks", "config"}`, or `{"workflow_graph", "config"}`."""
    graph = OrderedJSONField(null=True)
    """What is executed; None where it is planned from the workflow's name at its first execution."""
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workflow", "number"], name="version_number_once_per_workflow"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.workflow_id}"
