"""An agent's turn: it is asked something, and works until it answers, by itself, with tools, or with other agents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from workflows.engine import keys, prompts
from workflows.engine.agents.agent import MOST_CALLS_AT_ONCE, Ending, Work, work
from workflows.engine.agents.checklist import Checklist
from workflows.engine.agents.completion import AGAIN, COMPLETION, Answer, completed, completion_tool, read_answer
from workflows.engine.agents.delegation import agent_tool
from workflows.engine.agents.iterations import Iterations
from workflows.engine.agents.profile import Profile
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.graphs.tool_use import ToolUse
from workflows.engine.journal import Turn
from workflows.engine.llm.calls import Message, ModelCaller
from workflows.engine.llm.structured import Request
from workflows.engine.text import cut
from workflows.engine.tools import Tool, Toolbox
from workflows.events import Kind

MAX_EARLIER_CHARS: Final = 100_000
"""Of the conversation so far; beyond this its beginning is left out."""
NO_ANSWER: Final = "(There was no answer to this: the work on it ended before.)"


@dataclass(frozen=True)
class Question:
    """What an agent is asked. `criteria`: when it has succeeded. `calls_at_once`: of tools, of one reply."""

    text: str
    criteria: Sequence[str] = ()
    max_iterations: int = 50
    budget_usd: float | None = None
    calls_at_once: int = MOST_CALLS_AT_ONCE


async def take_turn(profile: Profile, question: Question, models: ModelCaller, tools: ToolCaller) -> tuple[Answer, int]:
    """The answer, and the iterations that it took.

    Raises `IterationsUsedUp`, `ModelUnusable`, `ModelFailed`, and what the journal and `approve` raise.
    """
    journal = models.journal
    await journal.tell(
        keys.MAIN,
        Kind.AGENT_STARTED,
        {
            "agent": profile.name,
            "goal": cut(question.text, 10_000),
            "max_iterations": question.max_iterations,
            "budget_usd": question.budget_usd,
        },
    )
    before = earlier_messages(await journal.earlier_turns())
    return await answer(profile, question, models, tools, keys.MAIN, before)


async def answer(
    profile: Profile,
    question: Question,
    models: ModelCaller,
    tools: ToolCaller,
    place: str,
    before: Sequence[Message] = (),
) -> tuple[Answer, int]:
    """Likewise, of the agent at a place (see `keys.delegated`)."""
    iterations = Iterations(
        models.journal,
        keys.agent_calls(place),
        most=question.max_iterations,
        budget_usd=question.budget_usd,
        is_progress=place == keys.MAIN,
    )
    own = await _own_tools(profile, question, models, tools, place)
    # Its own come first: a server may give its tools any name.
    others = tools.toolbox.only(profile.tools)
    names = {tool.name for tool in own}
    offered = Toolbox([*(tool for tool in others if tool.name not in names), *own])
    doing = Work(
        request=Request(
            key=keys.agent_calls(place),
            stage=keys.AGENT,
            node=None if place == keys.MAIN else profile.name,
            subject=f"answer as {cut(profile.name, 80)!r}",
            task="this question",
            system=_system(profile),
            user=_user(question),
            format=None,
            read=read_answer,
            before=before,
            again=AGAIN,
            shows_replies=True,
        ),
        # The last iteration is for the answer.
        use=ToolUse(tuple(tool.name for tool in offered), question.max_iterations - 1, profile.confirm),
        tool_key=keys.agent_tools(place),
        ending=Ending(COMPLETION, completed, prompts.LAST_ITERATION),
        then=prompts.THEN_COMPLETE,
        iteration=iterations,
        calls_at_once=question.calls_at_once,
    )
    given = await work(models, replace(tools, toolbox=offered), doing)
    return given, iterations.taken


async def _own_tools(
    profile: Profile, question: Question, models: ModelCaller, tools: ToolCaller, place: str
) -> list[Tool]:
    """What an agent has besides the tools on offer. `completion` is the last one."""
    checklist = await Checklist.of(models.journal, keys.agent_tools(place)) if profile.planning else None
    return [
        *(checklist.tools() if checklist else ()),
        *colleagues(profile, models, tools, place),
        completion_tool(has_criteria=bool(question.criteria)),
    ]


def colleagues(profile: Profile, models: ModelCaller, tools: ToolCaller, place: str) -> list[Tool]:
    """The agents that the one at this place may ask, each as a tool."""

    async def ask(asked: Profile, text: str, call: str, of_caller: ModelCaller, of_tools: ToolCaller) -> Answer:
        return (await answer(asked, Question(text), of_caller, of_tools, keys.delegated(place, call)))[0]

    return [agent_tool(agent, models, tools, ask) for agent in profile.agents]


def _system(profile: Profile) -> str:
    planning = f"\n\n{prompts.CHECKLIST}" if profile.planning else ""
    return f"{prompts.TURN}{planning}\n\n# Your instructions\n\n{profile.instructions}"


def _user(question: Question) -> str:
    if not question.criteria:
        return question.text
    listed = "\n".join(f"- {criterion}" for criterion in question.criteria)
    return f"{question.text}\n\n## Success criteria\n{listed}"


def earlier_messages(turns: Sequence[Turn]) -> list[Message]:
    """The conversation so far: the newest turns that there is room for."""
    messages: list[Message] = []
    room = MAX_EARLIER_CHARS
    for turn in reversed(turns):
        answered = turn.answered or NO_ANSWER
        room -= len(turn.asked) + len(answered)
        if room < 0:
            break
        messages = [
            {"role": "user", "content": turn.asked},
            {"role": "assistant", "content": answered},
            *messages,
        ]
    return messages
