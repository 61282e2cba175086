"""The conversations of channels, and what users say of their turns."""

from django.db import models
from django.utils import timezone

from workflows.models.channel import Channel
from workflows.models.fields import OrderedJSONField
from workflows.models.task import Task
from workflows.models.thread import Thread


class Conversation(models.Model):
    """A conversation of a channel: numbered 1, 2, 3 … there. Its turns are the tasks of its thread."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="conversations", db_index=False)
    number = models.IntegerField()
    thread = models.OneToOneField(Thread, on_delete=models.PROTECT, related_name="conversation")
    topic = models.CharField(max_length=200)
    """The beginning of the first query, until a model has summed the conversation up."""
    summary = models.TextField(blank=True, default="")
    summarised_turns = models.IntegerField(default=0)
    """How many answered turns it had when a model was last asked to sum it up."""
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    """When its last turn began."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "number"], name="conversation_number_once_per_channel"),
        ]
        indexes = [models.Index(fields=["channel", "-updated_at", "-number"], name="conversation_by_channel")]

    def __str__(self) -> str:
        return f"conversation {self.number}"


class Feedback(models.Model):
    """What the user says of a turn: a score, words, or both. Said again, it takes the place of what was said before."""

    turn = models.OneToOneField(Task, on_delete=models.CASCADE, related_name="feedback")
    score = OrderedJSONField(null=True)
    """True, False or a number, as the client counts."""
    text = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "feedback"
        constraints = [
            models.CheckConstraint(
                name="feedback_says_something", condition=models.Q(score__isnull=False) | ~models.Q(text="")
            ),
        ]

    def __str__(self) -> str:
        return f"feedback on {self.turn_id}"
