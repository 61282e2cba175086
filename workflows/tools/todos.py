"""The commands of the to-do list. Whose it is, and where it is kept, is up to the `Todos` that they are made of."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from workflows.engine.tools import NO_PARAMETERS, Arguments, Tool, ToolContext, ToolFunction

MAX_TEXT_CHARS: Final = 500
_NUMBER: Final = {"type": "integer", "minimum": 1, "description": "The todo's number in the list"}
_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARS, "description": "What there is to do"}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "create_todo": _object(text=_TEXT),
    "list_todos": NO_PARAMETERS,
    "complete_todo": _object(number=_NUMBER),
    "rename_todo": _object(number=_NUMBER, text=_TEXT),
    "delete_todo": _object(number=_NUMBER),
}
"""What the commands take, by their names."""


class Entry(NamedTuple):
    """A todo of a list."""

    number: int
    text: str
    done: bool


class Todos(Protocol):
    """A list. `call`: the tool call's name with its task; the same one changes nothing a second time.

    Each verb raises `ToolFailed` for what cannot be done.
    """

    async def create(self, call: str, text: str) -> Entry: ...

    async def listed(self) -> Sequence[Entry]: ...

    async def complete(self, number: int) -> Entry: ...

    async def rename(self, number: int, text: str) -> Entry: ...

    async def delete(self, call: str, number: int) -> Entry: ...


def todo_tools(todos: Todos) -> list[Tool]:
    async def create(arguments: Arguments, context: ToolContext) -> str:
        made = await todos.create(_call_of(context), arguments["text"])
        return f"Todo {made.number} is on the list: {made.text}"

    async def show(arguments: Arguments, context: ToolContext) -> str:
        entries = await todos.listed()
        return "\n".join(map(_line, entries)) or "There are no todos."

    async def complete(arguments: Arguments, context: ToolContext) -> str:
        done = await todos.complete(arguments["number"])
        return f"Todo {done.number} is done: {done.text}"

    async def rename(arguments: Arguments, context: ToolContext) -> str:
        renamed = await todos.rename(arguments["number"], arguments["text"])
        return f"Todo {renamed.number} is now: {renamed.text}"

    async def delete(arguments: Arguments, context: ToolContext) -> str:
        gone = await todos.delete(_call_of(context), arguments["number"])
        return f"Todo {gone.number} is deleted: {gone.text}"

    made: dict[str, tuple[str, ToolFunction]] = {
        "create_todo": ("Puts a todo on the list.", create),
        "list_todos": ("Lists all todos, with their numbers.", show),
        "complete_todo": ("Marks a todo as done.", complete),
        "rename_todo": ("Changes what a todo says.", rename),
        "delete_todo": ("Takes a todo off the list.", delete),
    }
    return [Tool(name, *what, parameters=PARAMETERS[name]) for name, what in made.items()]


def _line(entry: Entry) -> str:
    return f"{entry.number}. [{'x' if entry.done else ' '}] {entry.text}"


def _call_of(context: ToolContext) -> str:
    return f"{context.task_id}/{context.call}"
