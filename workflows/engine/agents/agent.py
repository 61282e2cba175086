"""An agent at work: it calls tools and gets their results, until it answers."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Final, Generic, NamedTuple, TypeVar

from workflows.engine import prompts
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.agents.tool_runs import Place, ToolResult
from workflows.engine.graphs.tool_use import ToolUse
from workflows.engine.llm.calls import Message, ModelCaller
from workflows.engine.llm.replies import Rejected
from workflows.engine.llm.stream import Reply
from workflows.engine.llm.structured import MAX_TRIES, Conversation, Request
from workflows.engine.llm.tool_requests import ToolRequest
from workflows.engine.tools import Toolbox
from workflows.exceptions import StaleClaim, Waiting

T = TypeVar("T")

MOST_CALLS_AT_ONCE: Final = 16
MOST_RESULT_CHARS: Final = 500_000
"""Of all results that one attempt puts before the model; then it has to answer."""

TOO_MANY: Final = f"Only {MOST_CALLS_AT_ONCE} tools may be called at once. Call this one again if you still need it."
NO_ROOM: Final = "[left out: there is no room for more results]"


class Ending(NamedTuple, Generic[T]):
    """A tool whose call ends the work: its name, what reads the answer off the call, and what the agent is told when it
    may call nothing else any more."""

    tool: str
    read: Callable[[ToolRequest], T]
    last_words: str


@dataclass(frozen=True)
class Work(Generic[T]):
    """What an agent is asked, how it may use tools, and what the keys of its tool calls begin with.

    `ending`: None where only a reply without tools is an answer. `then`: what the rules for tools end with.
    `last_words`: what it is told when it may call none any more.
    `iteration`: is entered for each reply, with the tools that it calls. `calls_at_once`: of one reply, side by side.
    """

    request: Request[T]
    use: ToolUse
    tool_key: str
    ending: Ending[T] | None = None
    then: str = prompts.THEN_REPLY
    last_words: str = prompts.NO_MORE_TOOLS
    iteration: AbstractAsyncContextManager[None] = field(default_factory=nullcontext)
    calls_at_once: int = MOST_CALLS_AT_ONCE


def most_calls(use: ToolUse) -> int:
    """How many times the model is asked at most; keys of another attempt begin after these."""
    return MAX_TRIES + (use.max_steps if use.names else 0)


async def work(models: ModelCaller, tools: ToolCaller, doing: Work[T]) -> T:
    """The valid reply, after as many steps with tools as the agent needs and may take.

    Raises `ModelUnusable`, `ModelFailed`, and what the journal raises, once nothing is under way.
    """
    offered = tools.toolbox.only(doing.use.names)
    conversation = Conversation(models, _told_of_tools(doing, offered))
    offers = [tool.offer() for tool in offered]
    last_offers = [tool.offer() for tool in offered if doing.ending and tool.name == doing.ending.tool]
    room = MOST_RESULT_CHARS
    steps = 0
    while True:
        if (steps == doing.use.max_steps or room <= 0) and offers != last_offers:
            offers = last_offers
            if steps:
                conversation.messages.append({"role": "user", "content": _last_words(doing)})
        async with doing.iteration:
            reply = await conversation.reply(offers)
            if not (offers and reply.tool_calls) or reply.finish == "length":
                with suppress(Rejected):
                    return await conversation.accept(reply)
                continue
            steps += 1
            results = await _called(tools, doing, offered, reply.tool_calls, conversation.calls)
            if doing.ending and (call := _call_of(doing.ending.tool, reply, results)):
                return doing.ending.read(call)
            messages, room = _exchange(reply, results, room)
            conversation.messages += messages


def _told_of_tools(doing: Work[T], offered: Toolbox) -> Request[T]:
    if not len(offered):
        return doing.request
    told = prompts.TOOLS.replace("{steps}", str(doing.use.max_steps))
    return replace(doing.request, system=f"{doing.request.system}\n\n{told}\n\n{doing.then}")


def _last_words(doing: Work[T]) -> str:
    return doing.ending.last_words if doing.ending else doing.last_words


def _call_of(tool: str, reply: Reply, results: Sequence[ToolResult]) -> ToolRequest | None:
    """The first call of this tool that went well."""
    answered = zip(reply.tool_calls, results, strict=True)
    return next((request for request, result in answered if request.name == tool and result.ok), None)


async def _called(
    tools: ToolCaller, doing: Work[T], offered: Toolbox, requests: Sequence[ToolRequest], asked_by: int
) -> list[ToolResult]:
    """The results in the order of the requests, whose calls run side by side, or as many of them as may.

    What ends the run (a pause, a question that waits) is raised once all of them have come to their own end.
    """
    room = asyncio.Semaphore(doing.calls_at_once)

    async def call(number: int, request: ToolRequest) -> ToolResult:
        place = Place(f"{doing.tool_key}/{asked_by}/{number}", doing.request.stage, doing.request.node)
        async with room:
            return await tools.call(request, offered, doing.use.confirm, place)

    under_way = [asyncio.create_task(call(*one)) for one in enumerate(requests[:MOST_CALLS_AT_ONCE])]
    try:
        ended = await asyncio.gather(*under_way, return_exceptions=True)
    finally:
        # Cut off itself, by the node's timeout or by a cancelled task: their tools are stopped before that is told.
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
    errors = [error for error in ended if isinstance(error, BaseException)]
    if errors:
        raise _weightiest(errors)
    results = [result for result in ended if isinstance(result, ToolResult)]
    return [*results, *[ToolResult(False, TOO_MANY)] * (len(requests) - len(results))]


def _weightiest(errors: Sequence[BaseException]) -> BaseException:
    """A lost claim counts more than anything else, and a question that waits less; several are one wait."""
    if all(isinstance(error, Waiting) for error in errors):
        return Waiting(key for error in errors if isinstance(error, Waiting) for key in error.keys)
    others = [error for error in errors if not isinstance(error, Waiting)]
    return next((error for error in others if isinstance(error, StaleClaim)), others[0])


def _exchange(reply: Reply, results: Sequence[ToolResult], room: int) -> tuple[list[Message], int]:
    """The reply and the results as messages, and the room that is left."""
    calls = [request.as_message() for request in reply.tool_calls]
    messages: list[Message] = [{"role": "assistant", "content": reply.text or None, "tool_calls": calls}]
    for request, result in zip(reply.tool_calls, results, strict=True):
        text = result.text if len(result.text) <= room else f"{result.text[: max(room, 0)]}\n{NO_ROOM}"
        room -= len(result.text)
        said = text if result.ok else f"This call did not work. {text}"
        messages.append({"role": "tool", "tool_call_id": request.id, "content": prompts.tool_result(said)})
    return messages, room
