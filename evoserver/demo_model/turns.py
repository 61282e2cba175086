"""An agent's turn in a conversation: a plan where one can be made, the tools that the question asks for, then
`completion`, one step in each reply."""

from typing import Final

from evoserver.demo_model.chat import ChatRequest, Json, Message
from evoserver.demo_model.faults import Faults
from evoserver.demo_model.prompts import FEEDBACK, json_section, objects
from evoserver.demo_model.spoken import completed, spoken
from evoserver.demo_model.tooling import Wanted, asked_for, insisted_on, result_in
from evoserver.demo_model.words import shorten
from evoserver.demo_model.writer import MARK

COMPLETION: Final = "completion"
LAST_ITERATION: Final = "This is your last iteration."
"""How the message begins by which an agent hears that it has to answer."""

_PLANNING: Final = ("make_plan", "tick_off")


def is_turn(request: ChatRequest) -> bool:
    return any(tool["name"] == COMPLETION for tool in request.tools)


def next_calls(request: ChatRequest, faults: Faults) -> list[Wanted]:
    """What the agent calls now: the step that follows those that it has taken since it was asked. Nothing where no tool
    is of use: it answers in words."""
    question, since = _question(request)
    usable = [tool for tool in request.tools if tool["name"] not in (COMPLETION, *_PLANNING)]
    if "tool-loop" in faults:
        return insisted_on(request, usable) or [("no_such_tool", {})]
    wanted = asked_for(question, usable) or [completed(call, usable) for call in spoken(question, usable)]
    wanted = wanted or (insisted_on(request, usable) if "tools" in faults else [])
    steps = [wanted] if wanted else []
    if {tool["name"] for tool in request.tools} > set(_PLANNING):
        plan = [f"Use {name}" for name, _ in wanted] + ["Write the answer"]
        ticks: list[Wanted] = [("tick_off", {"step": number}) for number in range(1, len(plan) + 1)]
        steps = [[("make_plan", {"steps": plan})], *steps, ticks]
    if not steps and not _has_criteria(request):
        return []
    steps.append([(COMPLETION, _completion(request, question, since))])
    taken = sum(bool(message.calls) for message in since if message.role == "assistant")
    return steps[min(taken, len(steps) - 1)]


def sum_up(request: ChatRequest) -> Json:
    """A topic and a summary of a conversation, in the words of those who spoke."""
    turns = objects(json_section("Conversation", request.first_user_text)) or ({"asked": request.last_user_text},)
    asked = [shorten(str(turn.get("asked", "")), 80) for turn in turns]
    said = "; ".join(f"“{one}”" for one in asked[:5])
    count = "1 turn" if len(turns) == 1 else f"{len(turns)} turns"
    summary = f"{count}. Asked was: {said}. The last answer: {shorten(str(turns[-1].get('answered')), 200)}"
    return {"topic": f"{shorten(asked[0], 60)} {MARK}", "summary": f"{summary} {MARK}"}


def _question(request: ChatRequest) -> tuple[str, list[Message]]:
    """What the person asked last, and what was said since."""
    for place in range(len(request.messages) - 1, -1, -1):
        message = request.messages[place]
        if message.role == "user" and not message.text.startswith((FEEDBACK, LAST_ITERATION)):
            return message.text, list(request.messages[place + 1 :])
    return "", list(request.messages)


def _completion(request: ChatRequest, question: str, since: list[Message]) -> Json:
    found = [result_in(message.text) for message in since if message.role == "tool"]
    told = [text for text in found if text != "Done." and not text.startswith("[{")]
    results = f" The tools say: {'; '.join(told)}." if told else ""
    arguments: Json = {"result": f"You asked: {shorten(question, 300)}{results} {MARK}"}
    return arguments | ({"success": True} if _has_criteria(request) else {})


def _has_criteria(request: ChatRequest) -> bool:
    """Whether it has to say if it succeeded."""
    completion = next(tool for tool in request.tools if tool["name"] == COMPLETION)
    return "success" in str(completion.get("parameters"))
