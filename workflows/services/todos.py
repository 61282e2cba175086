"""To-dos of a channel: written by tool calls, each of which has its effect once, however often it is made.

`call`: the task and the tool call's name in it, the same on every replay.
"""

import uuid
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from workflows.exceptions import Conflict, NotFound
from workflows.models import Channel, Todo

MOST_TODOS: Final = 1_000


@transaction.atomic
def create_todo(channel_id: uuid.UUID, call: str, text: str) -> Todo:
    """Raises Conflict where the list is full."""
    channel = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
    if made := Todo.objects.filter(channel=channel, created_by=call).first():
        return made
    if todos_of(channel_id).count() >= MOST_TODOS:
        raise Conflict(f"The list has {MOST_TODOS:,} todos, and has room for no more. Delete some first.")
    channel.last_todo += 1
    channel.save(update_fields=["last_todo"])
    return Todo.objects.create(channel=channel, number=channel.last_todo, text=text, created_by=call)


def todos_of(channel_id: uuid.UUID) -> QuerySet[Todo]:
    """Those that are there, in the order in which they were made."""
    return Todo.objects.filter(channel=channel_id, deleted_by="").order_by("number")


def complete_todo(channel_id: uuid.UUID, number: int) -> Todo:
    """Raises NotFound. A todo that is done stays so."""
    return _changed(_there(channel_id, number), done=True)


def rename_todo(channel_id: uuid.UUID, number: int, text: str) -> Todo:
    """Raises NotFound."""
    return _changed(_there(channel_id, number), text=text)


def delete_todo(channel_id: uuid.UUID, call: str, number: int) -> Todo:
    """Raises NotFound, but not for one that this same call has deleted."""
    gone = Todo.objects.filter(channel=channel_id, number=number, deleted_by=call).first()
    return gone or _changed(_there(channel_id, number), deleted_by=call)


def _there(channel_id: uuid.UUID, number: int) -> Todo:
    todo = todos_of(channel_id).filter(number=number).first()
    if todo is None:
        raise NotFound(f"There is no todo {number}.")
    return todo


def _changed(todo: Todo, **columns: object) -> Todo:
    for column, value in columns.items():
        setattr(todo, column, value)
    todo.save(update_fields=[*columns])
    return todo
