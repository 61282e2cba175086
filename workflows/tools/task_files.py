"""Files of a task: what one agent writes down, another one of the same task can read."""

from typing import Any, Final

from workflows.engine.tools import Arguments, Tool, ToolContext

READ_CHARS: Final = 15_000
_NAME: Final = {"type": "string", "minLength": 1, "description": "Such as notes.txt or data/prices.json"}


async def _write(arguments: Arguments, context: ToolContext) -> str:
    name, text = arguments["name"], arguments["text"]
    if arguments.get("append") and name in await context.files.sizes():
        text = await context.files.read(name) + text
    await context.files.write(name, text)
    return f"{name} has {len(text):,} characters now."


async def _read(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    text = await context.files.read(arguments["name"])
    start = arguments.get("start", 0)
    end = start + READ_CHARS
    more = {"next_start": end} if end < len(text) else {}
    return {"name": arguments["name"], "characters": len(text), "text": text[start:end], **more}


async def _list(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    sizes = await context.files.sizes()
    return {"files": [{"name": name, "characters": size} for name, size in sizes.items()]}


FILE_WRITE: Final = Tool(
    name="file_write",
    description="Writes a text into a file that the agents of this task can read, until the task is over.",
    call=_write,
    parameters={
        "type": "object",
        "properties": {
            "name": _NAME,
            "text": {"type": "string"},
            "append": {"type": "boolean", "description": "Add to the file instead of replacing it."},
        },
        "required": ["name", "text"],
        "additionalProperties": False,
    },
    timeout_s=10,
)

FILE_READ: Final = Tool(
    name="file_read",
    description=f"Reads a file of this task, {READ_CHARS:,} characters at a time.",
    call=_read,
    parameters={
        "type": "object",
        "properties": {
            "name": _NAME,
            "start": {"type": "integer", "minimum": 0, "description": "From which character on."},
        },
        "required": ["name"],
        "additionalProperties": False,
    },
    timeout_s=10,
)

FILE_LIST: Final = Tool(
    name="file_list",
    description="Lists the files of this task.",
    call=_list,
    timeout_s=10,
)
