"""A tool call as a step of a task: checked, told, run, settled, and never run twice."""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from workflows.engine import keys
from workflows.engine.agents.files import CallFiles, TaskFiles
from workflows.engine.agents.tool_runs import Place, ToolResult, ToolRun
from workflows.engine.journal import Journal, Step
from workflows.engine.llm.tool_requests import ToolRequest
from workflows.engine.text import cut, scrub
from workflows.engine.tools import Arguments, Tool, Toolbox, ToolFailed
from workflows.engine.values import Misfit, fitted
from workflows.events import Kind

MAX_TOLD_CHARS: Final = 5_000
"""Of a result in its event; the ledger and the model have all of it."""
MAX_ARGUMENT_CHARS: Final = 500
MAX_ARGUMENTS_CHARS: Final = 4_000

OUTCOME_UNKNOWN: Final = (
    "The call was interrupted after it had begun, and whether it had its effect is unknown. It was not made again. "
    "Find out by other means, or say in your result that this is open."
)
NOBODY_TO_ASK: Final = "This tool needs a person's approval, and nobody can be asked here. Do without it."


@dataclass(frozen=True)
class Pending:
    """A call that waits for a person's word. `interrupted`: it had begun when its worker was lost, and nobody knows
    how far it came."""

    place: Place
    tool: Tool
    arguments: Arguments
    interrupted: bool


class Verdict(NamedTuple):
    """What the person said. `arguments`: to be taken instead of the model's; `reason`: for the model."""

    approved: bool
    reason: str = ""
    arguments: Mapping[str, Any] | None = None


Approve = Callable[[Pending], Awaitable[Verdict]]
"""Asks a person. It may raise what ends the run, to be called again by the next one."""


@dataclass(frozen=True)
class ToolCaller:
    """Makes a task's tool calls: with the tools on offer, into its journal."""

    toolbox: Toolbox
    journal: Journal
    files: TaskFiles
    task_id: str = ""
    approve: Approve | None = None
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    async def call(self, request: ToolRequest, offered: Toolbox, confirm: frozenset[str], place: Place) -> ToolResult:
        """The result of a call, from the ledger if it is there. What is wrong with it is a result, too.

        Raises `Paused` before it would begin, and what `approve` raises.
        """
        step = await self.journal.lookup(place.key)
        if step is not None:
            return ToolResult(step.output["ok"], step.output["result"])
        await self.journal.boundary()
        arguments: Arguments = {}
        try:
            arguments = _arguments(request)
            tool = _chosen(request.name, offered)
            _check(tool, arguments)
            arguments = await self._allowed(tool, arguments, confirm, place)
        except ToolFailed as failed:
            await self._tell_start(request, place, arguments)
            return await self._settle(request, place, ToolResult(False, failed.detail), 0.0, {})
        await self._tell_start(request, place, arguments)
        files = CallFiles(self.files)
        started = self.clock()
        result = await ToolRun(tool, self.journal, place, files, self.task_id).result(arguments)
        return await self._settle(request, place, result, self.clock() - started, files.written if result.ok else {})

    async def _allowed(self, tool: Tool, arguments: Arguments, confirm: frozenset[str], place: Place) -> Arguments:
        """The arguments to run with. Raises `ToolFailed` where it must not run.

        What a text says counts for nothing here: only what the agent was given, and what a person answers.
        """
        is_open = tool.side_effects and await self.journal.told(place.key, Kind.TOOL_STARTED)
        if not is_open and tool.name not in confirm:
            return arguments
        if self.approve is None:
            raise ToolFailed(OUTCOME_UNKNOWN if is_open else NOBODY_TO_ASK)
        verdict = await self.approve(Pending(place, tool, arguments, is_open))
        if not verdict.approved:
            said = f": {cut(scrub(verdict.reason), 2_000)}" if verdict.reason else "."
            raise ToolFailed(f"A person did not allow this call{said}")
        if verdict.arguments is not None:
            _check(tool, verdict.arguments)
            return verdict.arguments
        return arguments

    async def _tell_start(self, request: ToolRequest, place: Place, arguments: Arguments) -> None:
        shown, is_cut = arguments_told(arguments)
        data = {**_about(request, place), "arguments": shown, **({"truncated": True} if is_cut else {})}
        await self.journal.tell(place.key, Kind.TOOL_STARTED, data)

    async def _settle(
        self, request: ToolRequest, place: Place, result: ToolResult, seconds: float, written: dict[str, str]
    ) -> ToolResult:
        duration_ms = round(seconds * 1000)
        told = cut(result.text, MAX_TOLD_CHARS)
        data = {
            **_about(request, place),
            "ok": result.ok,
            "result" if result.ok else "error": told,
            "duration_ms": duration_ms,
            **({"truncated": True} if told != result.text else {}),
        }
        files = {"files": written} if written else {}
        output = {"tool": request.name, **result._asdict(), "duration_ms": duration_ms, **files}
        output["result"] = output.pop("text")
        await self.journal.settle(Step(place.key, keys.TOOL, output), Kind.TOOL_COMPLETED, data)
        await self.files.keep(written)
        return result


def arguments_told(arguments: Arguments) -> tuple[dict[str, Any], bool]:
    """Arguments as an event holds them, and whether something of them is missing."""
    told: dict[str, Any] = {}
    room = MAX_ARGUMENTS_CHARS
    for name, value in arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        size = min(MAX_ARGUMENT_CHARS, room - len(name))
        if size < 1:
            return told, True
        told[name] = value if len(text) <= size else cut(text, size)
        room -= len(name) + min(len(text), size)
    return told, told != dict(arguments)


def _about(request: ToolRequest, place: Place) -> dict[str, Any]:
    return {
        "call": place.key,
        "stage": place.stage,
        "node": place.node,
        "tool": cut(request.name, 64),
        "tool_call_id": request.id,
    }


def _arguments(request: ToolRequest) -> Arguments:
    try:
        arguments = fitted(request.arguments.strip() or "{}", "object")
    except Misfit as misfit:
        raise ToolFailed(f"The arguments are not usable: they {misfit.reason}. Call it again.") from None
    assert isinstance(arguments, dict)
    return arguments


def _chosen(name: str, offered: Toolbox) -> Tool:
    tool = offered.get(name)
    if tool is None:
        raise ToolFailed(f"There is no tool {cut(name, 80)!r} for you. Yours are: {offered}.")
    return tool


def _check(tool: Tool, arguments: Arguments) -> None:
    problems = tool.problems(arguments)
    if problems:
        raise ToolFailed(f"The arguments do not fit the tool: {'; '.join(problems)}. Call it again with these mended.")
