"""Turns in which commands are called, over real HTTP: by an agent, by an assistant, directly."""

import asyncio
import copy
from dataclasses import replace
from typing import Any

import pytest

from workflows.engine.agents.files import TaskFiles
from workflows.engine.agents.profile import Profile
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.commands.definition import Mode, WorkflowCommand
from workflows.engine.commands.summary import summarise
from workflows.engine.commands.turn import Action, Answered, Asked, take_command_turn
from workflows.engine.journal import Turn
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.memory import MemoryJournal
from workflows.engine.questions import Answer
from workflows.engine.tools import Toolbox
from workflows.events import Kind
from workflows.exceptions import Waiting

from .graphs import graph_of
from .scripted import parameter, result_of_node, says, sub_task
from .tooling import TEXT, calls, tool

REPORT = WorkflowCommand(
    "report", "Reports on a thing.", graph_of(sub_task("write", [parameter("thing"), "goal"], ["report"]))
)


class Board:
    """What was written on it, and whether two wrote at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.writing = 0

    async def write(self, arguments: Any, context: Any) -> str:
        self.writing += 1
        await asyncio.sleep(0)
        assert self.writing == 1, "two commands at once"
        self.writing -= 1
        self.lines.append(arguments["text"])
        return f"Wrote {arguments['text']}"


@pytest.fixture
def board() -> Board:
    return Board()


def script(bench: Any, *answers: Any) -> None:
    """Replies without a schema."""
    bench.endpoint.on("workflow_plan", *answers)


async def turn(bench: Any, board: Board, mode: Mode, query: str = "Write owls", **changes: Any) -> Answered:
    models = ModelCaller(bench.settings(), bench.models, bench.journal)
    tools = Toolbox([tool("write_line", "Writes a line.", board.write, parameters=TEXT), tool("secret")])
    profile = Profile("Writer", "You write.", tools=("write_line",), confirm=changes.pop("confirm", frozenset()))
    if workflow := changes.get("workflow"):
        profile = Profile("Report", "You report.", tools=(workflow.name,))
    asked = Asked(mode, query, profile, **changes)
    return await take_command_turn(asked, models, ToolCaller(tools, bench.journal, TaskFiles(bench.journal)))


async def test_an_agent_calls_its_commands_one_after_the_other(bench, board):
    several = [("write_line", {"text": text}) for text in ("one", "two", "three")]
    script(bench, calls(*several), calls(("completion", {"result": "Wrote three."})))
    answered = await turn(bench, board, Mode.AGENT, context={"place": "the blackboard"})
    assert answered == Answered("Wrote three.", True)
    assert board.lines == ["one", "two", "three"]
    assert '"place": "the blackboard"' in bench.endpoint.asked[0].body["messages"][0]["content"]
    told = [event.kind for event in bench.journal.events if event.kind in (Kind.TOOL_STARTED, Kind.TOOL_COMPLETED)]
    assert told == [Kind.TOOL_STARTED, Kind.TOOL_COMPLETED] * 4
    assert bench.journal.of(Kind.TOOL_COMPLETED)[1]["arguments"] == {"text": "two"}


async def test_the_assistant_calls_one_command_with_what_was_said_before(bench, board):
    bench.journal.earlier = [Turn("Write a line", "To write line I need: text. What should it be?")]
    script(bench, calls(("write_line", {"text": "owls"}), ("write_line", {"text": "more"})))
    answered = await turn(bench, board, Mode.ASSISTANT, "owls")
    assert answered == Answered("Wrote owls", True, "write_line", {"text": "owls"})
    (asked,) = bench.endpoint.asked
    assert [message["content"] for message in asked.body["messages"][1:3]] == list(bench.journal.earlier[0])
    assert [offer["function"]["name"] for offer in asked.body["tools"]] == ["write_line", "ask_back"]
    await turn(bench, board, Mode.ASSISTANT, "owls")
    assert (board.lines, len(bench.endpoint.asked)) == (["owls"], 1), "a replay finds both in the ledger"


@pytest.mark.parametrize(
    ("reply", "response", "command"),
    [
        (calls(("write_line", {})), "To write line I need: text. What should it be?", "write_line"),
        (
            calls(("write_line", {"text": 5})),
            "This does not fit write line: text: 5 is not of type 'string'",
            "write_line",
        ),
        (calls(("write_line", "{broken")), "I could not make out the parameters of write_line", ""),
        (calls(("ask_back", {"question": "Which line?"})), "Which line?", ""),
        (calls(("secret", {})), "I can do this: write_line.", ""),
        (says("Which line do you mean?"), "Which line do you mean?", ""),
    ],
)
async def test_the_assistant_asks_for_what_is_missing(bench, board, reply, response, command):
    script(bench, reply)
    answered = await turn(bench, board, Mode.ASSISTANT)
    assert answered.response.startswith(response)
    assert (answered.success, answered.command, board.lines) == (False, command, [])


async def test_an_action_needs_no_model_and_says_what_went_wrong(bench, board):
    action = Action("write_line", {"text": "owls"})
    assert await turn(bench, board, Mode.ACTION, action=action) == Answered(
        "Wrote owls", True, "write_line", {"text": "owls"}
    )
    bench.journal = MemoryJournal()
    failed = await turn(bench, board, Mode.ACTION, action=Action("secret", {}))
    assert (failed.success, failed.command) == (False, "secret")
    assert "no tool 'secret' for you" in failed.response
    assert bench.endpoint.asked == []


async def test_a_command_that_a_person_has_to_allow_waits(bench, board):
    action = Action("write_line", {"text": "owls"})
    with pytest.raises(Waiting):
        await turn(bench, board, Mode.ACTION, action=action, confirm=frozenset({"write_line"}))
    assert board.lines == []


async def test_a_workflow_is_a_command_and_can_be_executed_twice_in_one_task(bench, board):
    script(
        bench,
        calls(("report", {"thing": "owls"}), ("report", {"thing": "mice"}), ("report", {})),
        calls(("completion", {"result": "Both."})),
    )
    assert (await turn(bench, board, Mode.AGENT, workflow=REPORT)).response == "Both."
    prompts = [asked.last_message for asked in bench.endpoint.about("node_result")]
    assert ["<input>owls</input>" in prompts[0], "<input>mice</input>" in prompts[1]] == [True, True]
    results = [told.get("result") for told in bench.journal.of(Kind.TOOL_COMPLETED)]
    assert results[:2] == ["report of write"] * 2
    assert "'thing' is a required property" in bench.journal.of(Kind.TOOL_COMPLETED)[2]["error"]
    parents = [told["parent"] for told in bench.journal.of(Kind.NODE_FINISHED)]
    assert parents == ["tool/0/main/1/1/0", "tool/0/main/1/1/1"]
    calls_made = [told["call"] for told in bench.journal.of(Kind.MODEL_STARTED)]
    assert len(set(calls_made)) == len(calls_made) == 4
    assert {told["stage"] for told in bench.journal.of(Kind.TASK_PROGRESS)} == {"agent"}
    bench.endpoint.asked.clear()
    await turn(bench, board, Mode.AGENT, workflow=REPORT)
    assert bench.endpoint.asked == [], "all of it is in the ledger"


async def test_a_question_inside_of_a_workflow_waits_and_goes_on_with_its_answer(bench, board):
    gated = copy.deepcopy(REPORT.graph)
    gated["nodes"][0]["agents"][0] |= {"tool_names": ["write_line"], "confirm_tools": ["write_line"]}
    bench.endpoint.on("node_result", calls(("write_line", {"text": "owls"})), result_of_node)
    asked = {"workflow": replace(REPORT, graph=gated), "action": Action("report", {"thing": "owls"})}
    with pytest.raises(Waiting) as waiting:
        await turn(bench, board, Mode.ACTION, **asked)
    (key,) = waiting.value.keys
    assert key.startswith("command/1.0/question/tool/1/write/")
    assert bench.journal.questions[key].about["call"] == "command/1.0/tool/1/write/1/1/0"
    await bench.journal.answer(key, Answer(approved=True))
    assert (await turn(bench, board, Mode.ACTION, **asked)).response == "report of write"
    assert board.lines == ["owls"]


async def test_a_workflow_that_fails_is_a_command_that_did_not_work(bench, board):
    bench.endpoint.on("node_result", says("no JSON"))
    action = Action("report", {"thing": "owls"})
    failed = await turn(bench, board, Mode.ACTION, workflow=REPORT, action=action)
    assert failed.success is False
    assert failed.response.startswith("The workflow was not executed to its end: ")


async def test_a_conversation_gets_a_topic_and_a_summary(bench):
    bench.endpoint.on(
        "conversation_summary", says({"topic": " ", "summary": ""}), says({"topic": "A\nb", "summary": "C."})
    )
    models = ModelCaller(bench.settings(), bench.models, bench.journal)
    said = await summarise([{"asked": "Why?", "answered": "So."}], models)
    assert (said.topic, said.summary) == ("A b", "C.")
    assert bench.endpoint.asked[0].section("Conversation") == [{"asked": "Why?", "answered": "So."}]
