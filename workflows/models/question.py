"""Questions to people, and their answers."""

import uuid
from typing import Final, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from sessions.callers import Caller
from workflows.models.fields import OrderedJSONField
from workflows.models.task import Task


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, caller: Caller) -> Self:
        return self.filter(group_id=caller.group_id)

    def open(self) -> Self:
        return self.filter(status=Question.Status.OPEN)


class Question(models.Model):
    """Something that a task asks people. It is settled once: by an answer, by its deadline, or by the task's end.

    Written only under the lock of its task.
    """

    class Kind(models.TextChoices):
        APPROVAL = "approval"
        INPUT = "input"

    class Status(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        EXPIRED = "expired"
        WITHDRAWN = "withdrawn"
        """The task ended first."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="questions", db_index=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField()
    node = models.TextField(null=True)
    details = OrderedJSONField()
    """`{"schema", "arguments", …}`: what is asked about, and the JSON Schema of the answer's arguments or value."""
    default = OrderedJSONField()
    """The answer that holds once the deadline has passed."""
    deadline = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    answer = OrderedJSONField(null=True)
    """`{"approved", "reason", "arguments", "value"}`: a person's, or the default."""
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "key"], name="question_key_once_per_task"),
            models.CheckConstraint(
                name="question_answered_or_not",
                condition=models.Q(status="open", answer__isnull=True, settled_at=None)
                | models.Q(status="withdrawn", answer__isnull=True, settled_at__isnull=False)
                | models.Q(status__in=["answered", "expired"], answer__isnull=False, settled_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["group", "-created_at", "-id"], name="question_by_group"),
            models.Index(
                fields=["group", "-created_at"], name="question_open_of_a_group", condition=models.Q(status="open")
            ),
            models.Index(fields=["deadline"], name="question_open", condition=models.Q(status="open")),
            models.Index(fields=["-created_at", "-id"], name="question_by_age"),
        ]

    def __str__(self) -> str:
        return self.text[:80]


SETTLED: Final = frozenset({Question.Status.ANSWERED, Question.Status.EXPIRED})
"""There is an answer."""
