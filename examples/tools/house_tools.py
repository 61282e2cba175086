"""Three tools of our own: one that computes, one that runs a program, one that changes something outside."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from workflows.tools import Arguments, Tool, ToolContext, ToolFailed, run_command

PRICES = {"pen": 1.2, "ink": 7.5, "paper": 4.0}


async def look_up_price(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    """An async function. What it returns, a text or JSON, is what the model gets."""
    article = arguments["article"]
    if article not in PRICES:
        # A sentence for the model: it can mend its call, or do without.
        raise ToolFailed(f"We do not sell {article!r}. We sell {', '.join(PRICES)}.")
    return {"article": article, "price_eur": PRICES[article], "total_eur": PRICES[article] * arguments.get("count", 1)}


async def disk_space(arguments: Arguments, context: ToolContext) -> AsyncIterator[str]:
    """An async generator. Its pieces are streamed to everybody who watches, and are the result together."""
    async for piece in run_command(["df", "-h", "/"], environment={"LC_ALL": "C"}):
        yield piece


async def leave_note(arguments: Arguments, context: ToolContext) -> str:
    """It changes something outside of the task. `task_id` and `call` name the call for good, so that a note that was
    left already is not left twice."""
    # What blocks belongs into a thread: all tasks of a worker share one loop.
    await asyncio.to_thread(_pin, f"[{context.task_id} {context.call}]", arguments["note"])
    return "The note is on the board."


def _pin(mark: str, note: str) -> None:
    board = Path(os.environ.get("HOUSE_NOTES", "notes.txt"))
    if not board.exists() or mark not in board.read_text("utf-8"):
        with board.open("a", encoding="utf-8") as notes:
            notes.write(f"{mark} {note}\n")


TOOLS = [
    Tool(
        name="look_up_price",
        description="Looks up what an article of our shop costs.",
        call=look_up_price,
        parameters={
            "type": "object",
            "properties": {
                "article": {"type": "string", "enum": [*PRICES, "stapler"]},
                "count": {"type": "integer", "minimum": 1},
            },
            "required": ["article"],
            "additionalProperties": False,
        },
        timeout_s=5,
    ),
    Tool(
        name="disk_space",
        description="Tells how much room there is on the server's disk.",
        call=disk_space,
        timeout_s=10,
        output_limit=2_000,
    ),
    Tool(
        name="leave_note",
        description="Leaves a note on the board of the house, where everybody reads it.",
        call=leave_note,
        parameters={
            "type": "object",
            "properties": {"note": {"type": "string", "minLength": 1, "maxLength": 500}},
            "required": ["note"],
            "additionalProperties": False,
        },
        side_effects=True,
    ),
]
