"""The event log."""

from django.db import models
from django.utils import timezone

from sessions.models import ClientSession
from workflows.events import SESSION_ENDINGS, TASK_ENDINGS, Kind
from workflows.models.fields import OrderedJSONField
from workflows.models.task import Task


class Event(models.Model):
    """One thing that happened. Written once, by `services.append`, and never changed.

    `seq` counts 1, 2, 3 … per task and `session_seq` per session, both taken under the row lock of what they count,
    so that the order of the numbers is the order of the commits.
    """

    task = models.ForeignKey(Task, null=True, on_delete=models.PROTECT, related_name="events", db_index=False)
    seq = models.BigIntegerField(null=True)
    session = models.ForeignKey(
        ClientSession, null=True, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    session_seq = models.BigIntegerField(null=True)
    key = models.CharField(max_length=200, null=True)
    kind = models.CharField(max_length=40)
    data = OrderedJSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "seq"], name="event_seq_once_per_task"),
            models.UniqueConstraint(
                fields=["session", "session_seq"],
                name="event_seq_once_per_session",
                condition=models.Q(session__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["task", "key"], name="event_key_once_per_task", condition=models.Q(key__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["task"],
                name="event_one_ending_per_task",
                condition=models.Q(kind__in=sorted(TASK_ENDINGS)),
            ),
            models.UniqueConstraint(
                fields=["session"],
                name="event_one_ending_per_session",
                condition=models.Q(kind__in=sorted(SESSION_ENDINGS)),
            ),
            models.CheckConstraint(
                name="event_numbered_where_it_belongs",
                condition=(
                    models.Q(task__isnull=False, seq__gt=0) | models.Q(task=None, seq=None, session__isnull=False)
                )
                & (models.Q(session__isnull=False, session_seq__gt=0) | models.Q(session=None, session_seq=None)),
            ),
        ]

        indexes = [
            # Text is most of the rows and the hottest of the writes, and nobody looks for it by its kind.
            models.Index(fields=["kind", "-id"], name="event_by_kind", condition=~models.Q(kind=Kind.MODEL_TEXT)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.seq or self.session_seq}"
