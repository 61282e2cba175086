"""A tool call as a step of a task: checked, told, run, settled, and never run twice."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from workflows.engine import keys
from workflows.engine.agents.files import CallFiles, TaskFiles
from workflows.engine.agents.tool_runs import Place, ToolResult, ToolRun
from workflows.engine.journal import Journal, Step
from workflows.engine.llm.tool_requests import ToolRequest
from workflows.engine.questions import APPROVAL, Answer, Question, refusal
from workflows.engine.text import cut
from workflows.engine.tools import Arguments, Tool, Toolbox, ToolFailed
from workflows.engine.values import Misfit, fitted
from workflows.events import Kind

MAX_TOLD_CHARS: Final = 5_000
"""Of a result in its event; the ledger and the model have all of it."""
MAX_ARGUMENT_CHARS: Final = 500
MAX_ARGUMENTS_CHARS: Final = 4_000

OUTCOME_UNKNOWN: Final = (
    "The call was interrupted after it had begun, and whether it had its effect is unknown. Find out by other means, "
    "or say in your result that this is open. It was not made again"
)


class Wanted(NamedTuple):
    """A call that a person may have to allow: the id that the model gave it, the tool, and where it stands."""

    id: str
    tool: Tool
    place: Place


@dataclass(frozen=True)
class ToolCaller:
    """Makes a task's tool calls: with the tools on offer, into its journal."""

    toolbox: Toolbox
    journal: Journal
    files: TaskFiles
    task_id: str = ""
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    async def call(self, request: ToolRequest, offered: Toolbox, confirm: frozenset[str], place: Place) -> ToolResult:
        """The result of a call, from the ledger if it is there. What is wrong with it is a result, too.

        Raises `Paused` before it would begin, and `Waiting` where a person is asked.
        """
        step = await self.journal.lookup(place.key)
        if step is not None:
            return ToolResult(step.output["ok"], step.output["result"])
        await self.journal.boundary()
        arguments: Arguments = {}
        begun = 0
        try:
            arguments = _arguments(request)
            tool = _chosen(request.name, offered)
            _check(tool, arguments)
            begun = await self._begun(place) if tool.side_effects else 0
            arguments = await self._allowed(Wanted(request.id, tool, place), arguments, confirm, begun)
        except ToolFailed as failed:
            await self._tell_start(request, place, arguments)
            return await self._settle(request, place, arguments, ToolResult(False, failed.detail), 0.0, {})
        await self._tell_start(request, place, arguments, begun)
        files = CallFiles(self.files)
        started = self.clock()
        result = await ToolRun(tool, self.journal, place, files, self.task_id).result(arguments)
        written = files.written if result.ok else {}
        return await self._settle(request, place, arguments, result, self.clock() - started, written)

    async def _begun(self, place: Place) -> int:
        """How often the call was begun by runs that were lost before it ended."""
        begun = 0
        while await self.journal.told(_start_key(place, begun), Kind.TOOL_STARTED):
            begun += 1
        return begun

    async def _allowed(self, wanted: Wanted, arguments: Arguments, confirm: frozenset[str], begun: int) -> Arguments:
        """The arguments to run with. Raises `ToolFailed` where it must not run.

        What a text says counts for nothing here: only what the agent was given, and what a person answers.
        """
        tool = wanted.tool
        if tool.name in confirm:
            answer = await self.journal.ask(*_question(wanted, arguments))
            if not answer.approved:
                raise ToolFailed(f"A person did not allow this call{refusal(answer)}")
            arguments = _approved(tool, arguments, answer)
        for again in range(1, begun + 1):
            answer = await self.journal.ask(*_question(wanted, arguments, again))
            if not answer.approved:
                raise ToolFailed(f"{OUTCOME_UNKNOWN}{refusal(answer)}")
            arguments = _approved(tool, arguments, answer)
        return arguments

    async def _tell_start(self, request: ToolRequest, place: Place, arguments: Arguments, begun: int = 0) -> None:
        shown, is_cut = arguments_told(arguments)
        data = {**_about(request, place), "arguments": shown, **({"truncated": True} if is_cut else {})}
        await self.journal.tell(_start_key(place, begun), Kind.TOOL_STARTED, data)

    async def _settle(
        self,
        request: ToolRequest,
        place: Place,
        arguments: Arguments,
        result: ToolResult,
        seconds: float,
        written: dict[str, str],
    ) -> ToolResult:
        duration_ms = round(seconds * 1000)
        told = cut(result.text, MAX_TOLD_CHARS)
        shown, is_cut = arguments_told(arguments)
        data = {
            **_about(request, place),
            "arguments": shown,
            "ok": result.ok,
            "result" if result.ok else "error": told,
            "duration_ms": duration_ms,
            **({"truncated": True} if is_cut or told != result.text else {}),
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


def _question(wanted: Wanted, arguments: Arguments, again: int = 0) -> tuple[str, Question]:
    """The question whether a call may be made, with its key. `again`: how often it was interrupted."""
    id, tool, place = wanted
    who = f"The agent of {cut(place.node, 80)!r}" if place.node else "An agent"
    text = f"{who} wants to call the tool {tool.name}. May it?"
    if again:
        text = (
            f"A call of the tool {tool.name} was interrupted, and whether it had its effect is unknown. "
            "May it be made again?"
        )
    about = {
        "call": place.key,
        "tool": tool.name,
        "tool_call_id": id,
        "side_effects": tool.side_effects,
        "interrupted": again > 0,
    }
    question = Question(APPROVAL, text, place.stage, place.node, tool.parameters, dict(arguments), about)
    return question.key(f"{keys.QUESTION}/{place.key}" + (f"/again/{again}" if again else "")), question


def _approved(tool: Tool, arguments: Arguments, answer: Answer) -> Arguments:
    """The arguments that the person wants. Raises `ToolFailed`: the tool may be another one than when it was asked."""
    if answer.arguments is None:
        return arguments
    _check(tool, answer.arguments)
    return answer.arguments


def _start_key(place: Place, begun: int) -> str:
    """Under which a call's beginning is told; counted, since a call that is made again after a person's yes may be
    interrupted again."""
    return f"{place.key}/again/{begun}" if begun else place.key


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
