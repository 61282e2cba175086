"""An agent's turn, over real HTTP: what it is told, how it ends, its plan, the agents that it asks."""

import json
from typing import Any

import pytest

from workflows.engine.agents.files import TaskFiles
from workflows.engine.agents.profile import Profile
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.agents.turn import MAX_EARLIER_CHARS, Question, take_turn
from workflows.engine.journal import Turn
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.memory import MemoryJournal
from workflows.engine.tools import Toolbox
from workflows.events import Kind
from workflows.exceptions import IterationsUsedUp, Paused

from .scripted import Asked, says
from .tooling import TEXT, calls, tool

HELPER = Profile("Helper", "You help.", description="It knows all.")


async def shout(arguments: Any, context: Any) -> str:
    return str(arguments["text"]).upper()


SHOUT = tool("shout", "Makes it loud.", shout, parameters=TEXT)


def script(bench: Any, *answers: Any) -> None:
    """Replies without a schema."""
    bench.endpoint.on("workflow_plan", *answers)


async def turn(bench: Any, profile: Profile | None = None, text: str = "Which owls?", **limits: Any) -> Any:
    journal = bench.journal
    models = ModelCaller(bench.settings(), bench.models, journal)
    tools = ToolCaller(Toolbox([SHOUT]), journal, TaskFiles(journal))
    asked = profile or Profile("Expert", "You know owls.", tools=("shout",))
    return await take_turn(asked, Question(text, **limits), models, tools)


def offers(asked: Asked) -> list[str]:
    return [offer["function"]["name"] for offer in asked.body["tools"]]


async def test_it_works_with_tools_until_it_calls_completion(bench):
    script(bench, calls(("shout", {"text": "owls"})), calls(("completion", {"result": "All owls."})))
    assert await turn(bench) == (("All owls.", True), 2)
    first, second = bench.endpoint.asked
    assert offers(first) == ["shout", "completion"]
    assert "response_format" not in first.body
    assert "You know owls." in first.body["messages"][0]["content"]
    assert "OWLS" in second.last_message
    kinds = [event.kind for event in bench.journal.events]
    assert kinds == [
        Kind.AGENT_STARTED,
        *[
            Kind.TASK_PROGRESS, Kind.AGENT_ITERATION_STARTED, Kind.MODEL_STARTED, Kind.MODEL_COMPLETED,
            Kind.TOOL_STARTED, Kind.TOOL_COMPLETED, Kind.AGENT_ITERATION_COMPLETED,
        ] * 2,
    ]  # fmt: skip
    told = bench.journal.of(Kind.MODEL_COMPLETED)
    assert told[0]["tool_calls"][0]["name"] == "shout"
    assert told[1]["total_cost_usd"] == pytest.approx(sum(each["cost_usd"] or 0 for each in told))
    assert bench.journal.of(Kind.MODEL_STARTED)[0]["messages"] == 2


async def test_an_answer_in_words_ends_it_too_and_an_empty_one_is_asked_for_again(bench):
    script(bench, says(" "), says(" Barn owls. "))
    assert await turn(bench) == (("Barn owls.", True), 2)
    assert "Answer, or call `completion`." in bench.endpoint.asked[1].last_message


async def test_in_its_last_iteration_it_can_only_complete_and_then_it_fails(bench):
    script(bench, calls(("shout", {"text": "more"})))
    with pytest.raises(IterationsUsedUp, match="all its 3 iterations"):
        await turn(bench, max_iterations=3)
    assert [offers(asked) for asked in bench.endpoint.asked] == [["shout", "completion"]] * 2 + [["completion"]]
    assert "last iteration" in bench.endpoint.asked[2].last_message
    script(bench, calls(("completion", {"result": "At once."})))
    bench.journal = MemoryJournal()
    assert await turn(bench, max_iterations=1) == (("At once.", True), 1)


async def test_it_says_whether_it_met_the_criteria(bench):
    script(bench, calls(("completion", {"result": "Two."})), calls(("completion", {"result": "2", "success": False})))
    assert await turn(bench, criteria=["Ten owls"]) == (("2", False), 2)
    assert "- Ten owls" in bench.endpoint.asked[0].body["messages"][1]["content"]
    assert "'success' is a required property" in bench.endpoint.asked[1].last_message


async def test_the_conversation_so_far_is_given_as_far_as_there_is_room(bench):
    script(bench, says("Yes."))
    bench.journal.earlier = [Turn("x" * MAX_EARLIER_CHARS, "lost"), Turn("Hello", "Hi"), Turn("Are you there?", None)]
    await turn(bench)
    told = [(message["role"], message["content"]) for message in bench.endpoint.asked[0].body["messages"][1:]]
    assert told[:3] == [("user", "Hello"), ("assistant", "Hi"), ("user", "Are you there?")]
    assert told[3][1].startswith("(There was no answer")
    assert told[4] == ("user", "Which owls?")


async def test_its_plan_is_told_and_outlives_a_takeover(bench):
    planner = Profile("Planner", "You plan.", planning=True)
    script(
        bench,
        calls(("tick_off", {"step": 1})),
        calls(("make_plan", {"steps": ["look", "write"]})),
        calls(("tick_off", {"step": 1})),
        says("stop"),
    )
    await turn(bench, planner)
    assert "is not made yet" in bench.endpoint.asked[1].last_message
    plans = [told["plan"] for told in bench.journal.of(Kind.AGENT_PLANNED)]
    assert [[step["done"] for step in plan] for plan in plans] == [[False, False], [True, False]]
    # Another worker goes on: what the last reply did is not there yet.
    last = [key for key, step in bench.journal.steps.items() if step.kind == "model"][-1]
    again = bench.journal = MemoryJournal({key: step for key, step in bench.journal.steps.items() if key != last})
    script(bench, calls(("tick_off", {"step": 2})), says("Done with it."))
    assert (await turn(bench, planner))[0].text == "Done with it."
    assert [step["done"] for step in again.of(Kind.AGENT_PLANNED)[-1]["plan"]] == [True, True]


async def test_another_agent_is_asked_inside_of_the_same_task(bench):
    asking = Profile("Boss", "You delegate.", agents=(HELPER,))
    script(
        bench,
        calls(("agent__helper", {"question": "How many owls?"})),
        calls(("completion", {"result": "Ten."})),
        calls(("completion", {"result": "Helper says ten."})),
    )
    assert await turn(bench, asking) == (("Helper says ten.", True), 2)
    _, helper, boss = bench.endpoint.asked
    assert [message["content"] for message in helper.body["messages"][1:]] == ["How many owls?"]
    assert "Ten." in boss.last_message
    of_helper = [event.data for event in bench.journal.events if event.data.get("parent")]
    assert {data["parent"] for data in of_helper} == {"tool/0/main/1/1/0"}
    assert {data.get("node") for data in of_helper if "call" in data} == {"Helper"}
    assert len(bench.journal.of(Kind.AGENT_STARTED)) == 1
    # The boss's costs count what the helper took.
    assert bench.journal.of(Kind.MODEL_COMPLETED)[-1]["total_cost_usd"] == pytest.approx(
        sum(each["cost_usd"] or 0 for each in bench.journal.of(Kind.MODEL_COMPLETED))
    )


async def test_a_pause_inside_of_another_agent_pauses_the_whole_and_nothing_is_done_twice(bench):
    asking = Profile("Boss", "You delegate.", agents=(HELPER,))

    async def pauses(asked: Asked, writer: Any) -> None:
        bench.journal.pause_requested = True
        await calls(("make_plan", {}))(asked, writer)

    script(bench, calls(("agent__helper", {"question": "How many owls?"})), pauses)
    with pytest.raises(Paused):
        await turn(bench, asking)
    bench.journal.pause_requested = False
    script(bench, says("Ten."), says("Helper says ten."))
    assert (await turn(bench, asking))[0].text == "Helper says ten."
    assert len(bench.endpoint.asked) == 4


async def test_an_agent_that_gives_no_answer_fails_its_call_only(bench):
    asking = Profile("Boss", "You delegate.", agents=(HELPER,))
    script(
        bench, calls(("agent__helper", {"question": "How many?"})), says("", refusal="Not I."), says("Nobody knows.")
    )
    assert (await turn(bench, asking))[0].text == "Nobody knows."
    assert "The agent gave no answer" in bench.endpoint.asked[2].last_message


def test_a_profile_survives_being_stored():
    profile = Profile("Boss", "Do.", tools=("a",), confirm=frozenset({"a"}), planning=True, agents=(HELPER,))
    assert Profile.from_json(json.loads(json.dumps(profile.as_json()))) == profile
