"""The assistant: one call of the model maps what a person wants to one command, or to a question back."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from workflows.engine import keys, prompts
from workflows.engine.agents.completion import read_answer
from workflows.engine.llm.calls import Message, ModelCaller
from workflows.engine.llm.replies import Rejected
from workflows.engine.llm.structured import Conversation, Request
from workflows.engine.llm.tool_requests import ToolRequest
from workflows.engine.text import cut, listed
from workflows.engine.tools import Arguments, Tool, Toolbox, ToolContext
from workflows.engine.values import Misfit, fitted

ASK_BACK: Final = "ask_back"
MAX_QUESTION_CHARS: Final = 2_000


@dataclass(frozen=True)
class Mapped:
    """A call of a command that fits it. `asked_by`: the number of the model's call."""

    request: ToolRequest
    arguments: Arguments
    asked_by: int


@dataclass(frozen=True)
class AskedBack:
    """Something is missing: the question is for the person, whose next message answers it. `command`: of which it is
    missing, where that is clear."""

    question: str
    command: str = ""


async def map_query(
    query: str, instructions: str, before: Sequence[Message], commands: Toolbox, models: ModelCaller
) -> Mapped | AskedBack:
    """Raises `ModelUnusable`, `ModelFailed`, and what the journal raises."""
    conversation = Conversation(models, _request(query, instructions, before))
    offers = [tool.offer() for tool in (*(tool for tool in commands if tool.name != ASK_BACK), _ask_back_tool())]
    while True:
        reply = await conversation.reply(offers)
        if reply.tool_calls and reply.finish != "length":
            return _read(reply.tool_calls[0], commands, conversation.calls)
        with suppress(Rejected):
            return AskedBack(await conversation.accept(reply))


def _read(request: ToolRequest, commands: Toolbox, asked_by: int) -> Mapped | AskedBack:
    try:
        arguments = fitted(request.arguments.strip() or "{}", "object")
    except Misfit:
        return AskedBack(f"I could not make out the parameters of {cut(request.name, 64)}. Please say it again.")
    assert isinstance(arguments, dict)
    if request.name == ASK_BACK:
        return AskedBack(cut(str(arguments.get("question") or "What would you like to do?"), MAX_QUESTION_CHARS))
    command = commands.get(request.name)
    if command is None:
        return AskedBack(f"I can do this: {listed([tool.name for tool in commands], 20)}. Which of it do you want?")
    if problems := command.problems(arguments):
        return AskedBack(missing(command, arguments, problems), command.name)
    return Mapped(request, arguments, asked_by)


def missing(command: Tool, arguments: Arguments, problems: Sequence[str]) -> str:
    """The question for what a command still needs."""
    left = [name for name in command.parameters.get("required", ()) if name not in arguments]
    if left:
        return f"To {_spoken(command.name)} I need: {listed(left)}. What should it be?"
    return f"This does not fit {_spoken(command.name)}: {'; '.join(problems)}. What should it be?"


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _request(query: str, instructions: str, before: Sequence[Message]) -> Request[str]:
    return Request(
        key=keys.agent_calls(keys.MAIN),
        stage=keys.AGENT,
        node=None,
        subject="choice of a command",
        task="this message",
        system=f"{prompts.ASSISTANT}\n\n# About\n\n{instructions}",
        user=query,
        format=None,
        read=lambda text: read_answer(text).text,
        before=before,
        again=f"Call one of the tools, `{ASK_BACK}` among them.",
        shows_replies=True,
    )


def _ask_back_tool() -> Tool:
    return Tool(
        name=ASK_BACK,
        description="Asks the person for what is missing, or which of several commands is meant.",
        call=_never,
        parameters={
            "type": "object",
            "properties": {"question": {"type": "string", "minLength": 1, "maxLength": MAX_QUESTION_CHARS}},
            "required": ["question"],
            "additionalProperties": False,
        },
    )


async def _never(arguments: Arguments, context: ToolContext) -> str:
    raise AssertionError("a question back is the turn's answer, and no call")
