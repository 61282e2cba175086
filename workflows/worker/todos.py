"""The to-do list of a channel, as the tools of its turns reach it."""

import uuid
from collections.abc import Callable, Sequence

from workflows import services
from workflows.database import DatabaseThreads
from workflows.engine.tools import Toolbox, ToolFailed
from workflows.exceptions import Conflict, NotFound
from workflows.models import Channel, Task, Todo
from workflows.tools.todos import Entry, todo_tools


def with_todos(task: Task, tools: Toolbox, threads: DatabaseThreads) -> Toolbox:
    """The tools on offer, and where the task is a turn with a to-do list, those of that list."""
    if task.channel_id is None or task.params["partner"] != Channel.Partner.TODO:
        return tools
    own = todo_tools(ChannelTodos(task.channel_id, threads))
    names = {tool.name for tool in own}
    return Toolbox([*(tool for tool in tools if tool.name not in names), *own])


class ChannelTodos:
    """`Todos`, over the rows."""

    def __init__(self, channel_id: uuid.UUID, threads: DatabaseThreads) -> None:
        self._channel_id = channel_id
        self._threads = threads

    async def create(self, call: str, text: str) -> Entry:
        return await self._done(lambda: services.create_todo(self._channel_id, call, text))

    async def listed(self) -> Sequence[Entry]:
        rows = await self._threads.insist(lambda: list(services.todos_of(self._channel_id)))
        return [_entry(row) for row in rows]

    async def complete(self, number: int) -> Entry:
        return await self._done(lambda: services.complete_todo(self._channel_id, number))

    async def rename(self, number: int, text: str) -> Entry:
        return await self._done(lambda: services.rename_todo(self._channel_id, number, text))

    async def delete(self, call: str, number: int) -> Entry:
        return await self._done(lambda: services.delete_todo(self._channel_id, call, number))

    async def _done(self, change: Callable[[], Todo]) -> Entry:
        try:
            return _entry(await self._threads.insist(change))
        except (Conflict, NotFound) as refused:
            raise ToolFailed(refused.detail) from None


def _entry(row: Todo) -> Entry:
    return Entry(row.number, row.text, row.done)
