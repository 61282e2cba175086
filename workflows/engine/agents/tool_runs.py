"""One run of a tool: within its time, its output shown as it comes and cut at its limit, its defects its own."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from workflows.engine import keys
from workflows.engine.agents.files import CallFiles
from workflows.engine.agents.tool_output import NoJson, Output
from workflows.engine.journal import Journal
from workflows.engine.questions import INPUT, MAX_TEXT_CHARS, TEXT, Question
from workflows.engine.text import cut, scrub
from workflows.engine.tools import Arguments, Tool, ToolFailed
from workflows.events import Kind
from workflows.exceptions import BudgetExceeded, Paused, StaleClaim, Waiting

logger = logging.getLogger(__name__)

GRACE_S: Final = 5.0
"""How long a tool that was stopped may clean up."""

MAX_PIECE_CHARS: Final = 5_000
"""Escaped as JSON, a character takes up to 12 bytes of an event."""


@dataclass(frozen=True)
class Place:
    """Where a call stands: its key in the ledger and name in every event, the stage and the node of its agent."""

    key: str
    stage: str
    node: str | None


class ToolResult(NamedTuple):
    """What the model is told. `ok`: whether the tool did its work."""

    ok: bool
    text: str


class ToolRun:
    """The run, and what the tool is given for it (`ToolContext`)."""

    def __init__(self, tool: Tool, journal: Journal, place: Place, files: CallFiles, task_id: str) -> None:
        self._tool = tool
        self._journal = journal
        self._place = place
        self._shown = Output(tool.output_limit)
        self._is_over = False
        self.task_id = task_id
        self.call = place.key
        self.files = files

    async def result(self, arguments: Arguments) -> ToolResult:
        """What it gives, or what went wrong."""
        tool, output = self._tool, Output(self._tool.output_limit)
        try:
            await _bounded(self._work(arguments, output), tool.timeout_s)
        except _Stopped:
            so_far = f" What it had put out until then:\n{self._shown.text}" if self._shown.text else ""
            return ToolResult(False, f"The tool did not finish within {tool.timeout_s:g} s, and was stopped.{so_far}")
        except ToolFailed as failed:
            return ToolResult(False, cut(scrub(failed.detail), tool.output_limit))
        except NoJson:
            logger.error("the tool %s returned something that is neither text nor JSON", tool.name)
            return ToolResult(False, "The tool returned something that is neither text nor JSON. Do without it.")
        except (StaleClaim, Paused, Waiting, BudgetExceeded):
            # An agent that was asked for an answer runs into what ends, or interrupts, the whole task.
            raise
        except Exception:  # a tool's defect is not the task's: the agent is told, and the log has the trace
            logger.exception("the tool %s failed by a defect", tool.name)
            return ToolResult(False, "The tool failed by a defect; the server's log says more. Do without it.")
        finally:
            self._is_over = True
        return ToolResult(True, output.text)

    async def emit(self, text: str) -> None:
        # A tool that was stopped and goes on regardless has nothing to say any more.
        kept = "" if self._is_over else self._shown.take(text)
        place = self._place
        for start in range(0, len(kept), MAX_PIECE_CHARS):
            piece = kept[start : start + MAX_PIECE_CHARS]
            await self._journal.text(place.key, piece, stage=place.stage, node=place.node, kind=Kind.TOOL_OUTPUT)

    async def ask(self, text: str, choices: Sequence[str] = ()) -> str | None:
        if self._tool.side_effects:
            raise ToolFailed("Only a tool without side effects may ask: it is called again once the answer is there.")
        place = self._place
        schema = {"enum": list(choices)} if choices else TEXT
        about = {"call": place.key, "tool": self._tool.name}
        asked = Question(INPUT, cut(scrub(text), MAX_TEXT_CHARS), place.stage, place.node, schema, about=about)
        answer = await self._journal.ask(asked.key(f"{keys.QUESTION}/{place.key}"), asked)
        return None if answer.value is None else str(answer.value)

    async def _work(self, arguments: Arguments, output: Output) -> None:
        try:
            given = self._tool.call(arguments, self)
            if isinstance(given, Awaitable):
                output.take_value(await given)
                return
            async with aclosing(given) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    if not isinstance(piece, str):
                        raise NoJson
                    await self.emit(piece)
                    output.take(piece)
                    if output.is_cut:
                        return
        except (SystemExit, KeyboardInterrupt) as error:
            # They would end the worker, with all its tasks.
            raise RuntimeError("the tool wanted to end the process") from error


class _Stopped(Exception):
    """It was not done in time."""


async def _bounded(work: Coroutine[Any, Any, None], seconds: float) -> None:
    """Let it work for so long. Raises `_Stopped`, also if it does not let itself be stopped."""
    task = asyncio.create_task(work)
    # Whatever a tool that was left behind raises one day, nobody waits for it.
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        is_done = task.done()
        if not is_done:
            task.cancel()
            await asyncio.wait({task}, timeout=GRACE_S)
            if not task.done():
                logger.error("a tool goes on although it was stopped")
    if not is_done:
        raise _Stopped
    if task.cancelled():
        raise RuntimeError("the tool cancelled itself")
    task.result()
