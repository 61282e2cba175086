"""Teams: who speaks, when it is over, and that nothing is said twice."""

import json
from dataclasses import replace

import pytest

from workflows.engine.memory import MemoryJournal
from workflows.engine.teams.asking import ask_team
from workflows.engine.teams.definition import Participant, TeamDefinition, participant_problems
from workflows.engine.tools import Toolbox, ToolFailed
from workflows.events import Kind
from workflows.exceptions import ModelFailed

from .scripted import fails, says
from .tooling import TEXT, calls, tool

TEAM = TeamDefinition(
    name="test",
    planner="Boss",
    participants=(
        Participant("Boss", "Plans.", "Plan."),
        Participant("Ann", "Finds.", "Find.", ("shout",)),
        Participant("Ben", "Writes.", "Write."),
    ),
)
TWO_TASKS = "1. Ann : find it\n2. Ben : write it"


async def ask(bench, team=TEAM, question="Why?", tools=()):
    return await ask_team(
        question, team, settings=bench.settings(), models=bench.models, journal=bench.journal, tools=Toolbox(tools)
    )


def speakers(done):
    return [message["from"] for message in done["messages"]]


async def test_the_planner_begins_returns_and_ends_it(bench):
    bench.endpoint.on("Boss", says(TWO_TASKS), says("Go on."), says("All is there. TERMINATE"))
    bench.endpoint.on("next_speaker", says({"speaker": "Ann"}), says({"speaker": "Ben"}))
    bench.endpoint.on("Ann", says("Found. TERMINATE"))
    bench.endpoint.on("Ben", says("Written."))
    done = await ask(bench, question="What does TERMINATE mean?")

    assert speakers(done) == ["user", "Boss", "Ann", "Boss", "Ben", "Boss"]
    assert done["final_response"] == "All is there."
    assert done["stop_reason"] == "Text 'TERMINATE' mentioned"
    assert (done["total_messages"], done["response_length"]) == (6, len("All is there."))
    selected = bench.journal.of(Kind.TEAM_SPEAKER_SELECTED)
    assert [(one["speaker"], one["turn"], one["by"]) for one in selected][:2] == [
        ("Boss", 1, "rule"),
        ("Ann", 2, "model"),
    ]
    progress = [event["progress"] for event in bench.journal.of(Kind.TASK_PROGRESS)]
    assert progress == [25, 50, 50, 75, 75]
    last = bench.endpoint.about("Ben")[0]
    assert "response_format" not in last.body
    assert last.section("Conversation")[-1] == {"from": "Boss", "text": "Go on."}


async def test_a_wrong_name_is_fed_back_and_three_of_them_lead_to_the_first(bench):
    bench.endpoint.on("Boss", says(TWO_TASKS), says(TWO_TASKS), says("TERMINATE"))
    bench.endpoint.on(
        "next_speaker",
        says({"speaker": "Carl"}),
        says("Ann or Ben, I think."),
        says({"speaker": "Ben"}),
        says({"speaker": "Boss"}),
    )
    bench.endpoint.on("Ann", says("Found."))
    bench.endpoint.on("Ben", says("Written."))
    done = await ask(bench)

    assert speakers(done) == ["user", "Boss", "Ben", "Boss", "Ann", "Boss"]
    assert done["final_response"] == "Found.", "the planner's last message says nothing but that it is over"
    problems = [event["problems"][0] for event in bench.journal.of(Kind.MODEL_REJECTED)]
    assert problems[:2] == [
        "it names nobody who may speak next; name one of Ann, Ben",
        "it names Ann, Ben, and only one can speak next; name one",
    ]
    assert len(problems) == 5
    assert problems[0] in bench.endpoint.about("next_speaker")[1].last_message
    assert [event["by"] for event in bench.journal.of(Kind.TEAM_SPEAKER_SELECTED)] == [
        "rule", "model", "rule", "default", "rule",
    ]  # fmt: skip


async def test_a_team_that_never_ends_stops_at_its_most_messages(bench):
    bench.endpoint.on("Boss", says("Go on."))
    bench.endpoint.on("next_speaker", says({"speaker": "Ben"}))
    bench.endpoint.on("Ben", says("Written."))
    done = await ask(bench)
    assert done["total_messages"] == len(done["messages"]) == 40
    assert done["stop_reason"] == "Maximum number of messages 40 reached"


async def test_without_the_planners_return_the_model_selects_each_speaker(bench):
    team = replace(TEAM, planner_returns=False, may_repeat=True, max_messages=4, selector_instructions="Ben likes it.")
    bench.endpoint.on("Boss", says(TWO_TASKS))
    bench.endpoint.on("next_speaker", says({"speaker": "Ben"}))
    bench.endpoint.on("Ben", says("Written."))
    assert speakers(await ask(bench, team)) == ["user", "Boss", "Ben", "Ben"]
    asked = bench.endpoint.about("next_speaker")[0]
    assert asked.body["messages"][0]["content"].endswith("Ben likes it.")
    enum = asked.body["response_format"]["json_schema"]["schema"]["properties"]["speaker"]["enum"]
    assert enum == ["Boss", "Ann", "Ben"]


async def test_a_failing_tool_is_told_and_a_failing_model_ends_it(bench):
    async def fail(arguments, context):
        raise ToolFailed("The database is away.")

    shout = tool("shout", "Makes it loud.", fail, parameters=TEXT)
    bench.endpoint.on("Boss", says(TWO_TASKS), fails(401))
    bench.endpoint.on("next_speaker", says({"speaker": "Ann"}))
    bench.endpoint.on("Ann", calls(("shout", {"text": "owls"})), says("It is away."))
    with pytest.raises(ModelFailed):
        await ask(bench, tools=[shout])
    assert "The database is away." in bench.endpoint.about("Ann")[1].last_message
    assert bench.journal.of(Kind.TEAM_MESSAGE)[-1]["text"] == "It is away."
    assert bench.journal.of(Kind.TOOL_STARTED)[0]["call"] == "tool/1/Ann/2/1/0"
    assert bench.journal.of(Kind.TOOL_STARTED)[0]["node"] == "Ann"


async def test_a_tool_that_is_not_on_offer_is_said(bench):
    bench.endpoint.on("Boss", says(TWO_TASKS), says("TERMINATE"))
    bench.endpoint.on("next_speaker", says({"speaker": "Ann"}))
    bench.endpoint.on("Ann", says("I have no tool."))
    await ask(bench)
    assert "not on offer on this server: shout." in bench.endpoint.about("Ann")[0].body["messages"][0]["content"]


async def test_what_was_said_is_not_asked_again(bench):
    bench.endpoint.on("Boss", says(TWO_TASKS), says("TERMINATE"))
    bench.endpoint.on("next_speaker", says({"speaker": "Ben"}))
    bench.endpoint.on("Ben", says("Written."))
    done = await ask(bench)
    asked = len(bench.endpoint.asked)
    bench.journal = MemoryJournal(bench.journal.steps)
    assert await ask(bench) == done
    assert len(bench.endpoint.asked) == asked


GOOD = [{"name": "Boss", "instructions": "Plan."}, {"name": "Ann", "instructions": "Find."}]


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ({}, "The participants are a list"),
        (GOOD[:1], "A team has 2 to 20 participants, and there are 1."),
        ([*GOOD, {"name": "Ann", "instructions": "x"}], "Two participants are named Ann"),
        ([*GOOD, {"name": "user", "instructions": "x"}], "that is who asks"),
        ([*GOOD, {"name": "a b", "instructions": "x"}], "needs a name"),
        ([*GOOD, {"name": "Ben", "instructions": " "}], "needs instructions"),
        ([*GOOD, {"name": "Ben", "instructions": "x", "tools": "sql"}], "tools that are no list"),
        ([*GOOD, {"name": "Ben", "instructions": "x", "colour": 1}], "nothing reads that"),
        ([{**GOOD[0], "tools": ["x"]}, GOOD[1]], "uses no tools"),
        ([GOOD[1], {"name": "Ben", "instructions": "x"}], "The planner has to be one of the participants"),
    ],
)
def test_what_is_no_team_is_said(listed, says):
    problems = list(participant_problems(listed, "Boss"))
    assert any(says in problem for problem in problems), problems
    assert not list(participant_problems(GOOD, "Boss"))


def test_a_definition_survives_json():
    assert TeamDefinition.from_json(json.loads(json.dumps(TEAM.as_json()))) == TEAM
