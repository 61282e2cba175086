"""Channels and turns by the names and ids of requests. What a caller may not see is not there."""

from collections.abc import Mapping
from typing import Any

from sessions.callers import Caller
from workflows.exceptions import NotFound
from workflows.http.lookup import find_task
from workflows.models import Channel, Job, Task


def user_of(caller: Caller, asked: Mapping[str, Any]) -> str:
    """Whose request it is, by name."""
    return asked.get("user_id") or caller.user.username


def find_channel(caller: Caller, user: str) -> Channel:
    """Raises NotFound for a user of whom nothing is known in the caller's group."""
    channels = Channel.objects.visible_to(caller).select_related("agent", "workflow")
    channel = channels.filter(name=user).first()
    if channel is None:
        raise NotFound(f"User session not found: {user}")
    return channel


def find_turn(caller: Caller, id: str) -> Task:
    """Raises NotFound, also for a task that is no turn of a channel."""
    task = find_task(caller, id)
    if task.job != Job.COMMAND:
        raise NotFound(f"The task {task.pk} is no turn of a user. See /api/v1/tasks/{task.pk}.")
    return task
