"""To-dos, as the to-do list that comes with the server keeps them."""

from django.db import models
from django.utils import timezone

from workflows.models.channel import Channel


class Todo(models.Model):
    """One entry of a channel's list. Its number is never given to another one."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="todos", db_index=False)
    number = models.IntegerField()
    text = models.CharField(max_length=500)
    done = models.BooleanField(default=False)
    created_by = models.CharField(max_length=250)
    """The tool call that made it, so that the same call, made again after a crash, makes no second one."""
    deleted_by = models.CharField(max_length=250, blank=True, default="")
    """The tool call that deleted it, likewise; empty while it is there."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "number"], name="todo_number_once_per_channel"),
            models.UniqueConstraint(fields=["channel", "created_by"], name="todo_once_per_call"),
        ]

    def __str__(self) -> str:
        return self.text
