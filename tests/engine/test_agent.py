"""Agents with tools: the loop, the ledger, and what goes wrong with a call."""

import asyncio
import json

import pytest

from workflows.engine.memory import MemoryJournal
from workflows.engine.tools import Toolbox, ToolFailed
from workflows.events import Kind
from workflows.exceptions import NodeFailed, Paused, StaleClaim

from .graphs import graph_of
from .scripted import fails, result_of_node, says, sub_task
from .tooling import KEY, SHOUT, TEXT, calls, graph, messages_of, results_in, tool


async def test_an_agent_calls_tools_and_answers_with_what_they_gave(bench):
    bench.endpoint.on(
        "node_result",
        calls(("shout", {"text": "owls"}), ("shout", {"text": "mice"}), text="Let me see."),
        calls(("shout", {"text": "again"})),
        result_of_node,
    )
    done = await bench.execute(graph("shout"), tools=Toolbox([SHOUT, tool("other")]))
    assert done["outputs"] == {"report": "report of write"}

    first, second, third = bench.endpoint.asked
    assert [offer["function"]["name"] for offer in first.body["tools"]] == ["shout"]
    assert first.body["tools"][0]["function"]["parameters"] == TEXT
    assert first.body["response_format"]["json_schema"]["name"] == "node_result"
    assert "up to 10 times" in messages_of(first)[0]["content"]
    assistant, *answers = messages_of(second)[2:]
    assert assistant["content"] == "Let me see."
    assert [call["function"]["arguments"] for call in assistant["tool_calls"]] == [
        '{"text": "owls"}',
        '{"text": "mice"}',
    ]
    assert [m["tool_call_id"] for m in answers] == [call["id"] for call in assistant["tool_calls"]]
    assert results_in(third) == ["OWLS", "MICE", "AGAIN"]

    started, completed = bench.journal.of(Kind.TOOL_STARTED), bench.journal.of(Kind.TOOL_COMPLETED)
    assert [e["call"] for e in started] == [f"{KEY}/1/0", f"{KEY}/1/1", f"{KEY}/2/0"]
    assert started[0] == {
        "call": f"{KEY}/1/0",
        "stage": "execute",
        "node": "write",
        "tool": "shout",
        "tool_call_id": "call_0_2",
        "arguments": {"text": "owls"},
    }
    assert {e["call"]: e["result"] for e in completed} == {
        f"{KEY}/1/0": "OWLS",
        f"{KEY}/1/1": "MICE",
        f"{KEY}/2/0": "AGAIN",
    }
    assert all(e["ok"] and e["duration_ms"] >= 0 for e in completed)
    assert bench.journal.steps[f"{KEY}/1/0"].kind == "tool"


async def test_calls_of_one_step_run_side_by_side(bench):
    together = asyncio.Barrier(3)

    async def meet(arguments, context):
        async with asyncio.timeout(5):
            await together.wait()
        return "met"

    bench.endpoint.on("node_result", calls(*[("meet", {})] * 3), result_of_node)
    await bench.execute(graph("meet"), tools=Toolbox([tool("meet", call=meet)]))
    assert results_in(bench.endpoint.asked[-1]) == ["met"] * 3


async def test_output_is_told_as_it_comes(bench):
    async def count(arguments, context):
        await context.emit("starting\n")
        for number in range(3):
            yield f"{number}\n"

    bench.endpoint.on("node_result", calls(("count", {})), result_of_node)
    await bench.execute(graph("count"), tools=Toolbox([tool("count", call=count)]))
    kinds = [e.kind for e in bench.journal.events if e.kind.startswith("tool.")]
    assert kinds == [Kind.TOOL_STARTED, *[Kind.TOOL_OUTPUT] * 4, Kind.TOOL_COMPLETED]
    told = bench.journal.of(Kind.TOOL_OUTPUT)
    assert told[1] == {"call": f"{KEY}/1/0", "stage": "execute", "node": "write", "text": "0\n"}
    assert results_in(bench.endpoint.asked[-1]) == ["0\n1\n2\n"]


async def test_after_its_steps_an_agent_has_to_answer(bench):
    bench.endpoint.on("node_result", calls(("shout", {"text": "x"})))
    with pytest.raises(NodeFailed, match="stayed invalid after 3 tries"):
        await bench.execute(graph("shout", max_steps=2), tools=Toolbox([SHOUT]), journal=MemoryJournal())
    bench.endpoint.asked.clear()
    bench.endpoint.on("node_result", *[calls(("shout", {"text": "x"}))] * 2, result_of_node)
    done = await bench.execute(graph("shout", max_steps=2), tools=Toolbox([SHOUT]))
    assert done["outputs"]
    last = bench.endpoint.asked[-1]
    assert "tools" not in last.body
    assert last.last_message.startswith("You have called tools as often as you may.")
    assert len(bench.endpoint.asked) == 3


async def test_results_have_a_room_together(bench, monkeypatch):
    monkeypatch.setattr("workflows.engine.agents.agent.MOST_RESULT_CHARS", 100)

    async def much(arguments, context):
        return "x" * 80

    bench.endpoint.on("node_result", calls(("much", {}), ("much", {})), result_of_node)
    await bench.execute(graph("much"), tools=Toolbox([tool("much", call=much)]))
    first, second = results_in(bench.endpoint.asked[-1])
    assert first == "x" * 80
    assert second == "x" * 20 + "\n[left out: there is no room for more results]"
    assert "tools" not in bench.endpoint.asked[-1].body


async def test_a_bad_answer_after_tools_is_mended_and_tools_stay_on_offer(bench):
    bench.endpoint.on(
        "node_result", calls(("shout", {"text": "x"})), says("no"), calls(("shout", {"text": "y"})), result_of_node
    )
    await bench.execute(graph("shout"), tools=Toolbox([SHOUT]))
    (rejected,) = bench.journal.of(Kind.MODEL_REJECTED)
    assert rejected["call"] == "execute/1/write/1/2"
    assert [e["call"] for e in bench.journal.of(Kind.TOOL_COMPLETED)] == [f"{KEY}/1/0", f"{KEY}/3/0"]
    assert messages_of(bench.endpoint.asked[-1])[-3]["content"].startswith("Your last reply was not valid:")


async def test_endpoints_that_name_calls_badly_are_understood(bench):
    wanted = [("shout", {"text": "a"}), ("shout", {"text": "b"})]
    for changes in ({"ids": ["", ""]}, {"ids": ["same", "same"]}, {"whole": True}):
        bench.endpoint.asked.clear()
        bench.endpoint.on("node_result", calls(*wanted, **changes), result_of_node)
        await bench.execute(graph("shout"), tools=Toolbox([SHOUT]), journal=MemoryJournal())
        last = bench.endpoint.asked[-1]
        assert results_in(last) == ["A", "B"]
        assert len({m["tool_call_id"] for m in messages_of(last) if m["role"] == "tool"}) == 2


async def test_a_model_that_cannot_call_tools_is_named(bench):
    bench.endpoint.on("node_result", fails(400, {"message": "llama2 does not support tools", "code": None}))
    with pytest.raises(NodeFailed, match="The model 'gpt-4o-mini' cannot call tools"):
        await bench.execute(graph("shout"), tools=Toolbox([SHOUT]))


class Dying(MemoryJournal):
    """Refuses everything from one write on, and afterwards holds what the rows would."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def _append(self, key, kind, data):
        if self.at is not None and len(self.events) >= self.at:
            raise StaleClaim("killed")
        super()._append(key, kind, data)


async def test_a_takeover_at_any_point_repeats_no_settled_call(bench):
    ran: list[str] = []

    async def note(arguments, context):
        ran.append(arguments["text"])
        await context.emit("noting")
        await context.files.write(f"{arguments['text']}.txt", "noted")
        return arguments["text"]

    box = Toolbox([tool("note", call=note, parameters=TEXT)])
    script = [calls(("note", {"text": "a"}), ("note", {"text": "b"})), calls(("note", {"text": "c"})), result_of_node]

    def again():
        # By the messages and not by the order of asking, since a replay asks only for what is missing.
        async def answer(asked, writer):
            rounds = sum(m["role"] == "assistant" for m in messages_of(asked))
            await script[rounds](asked, writer)

        bench.endpoint.on("node_result", answer)

    again()
    whole = MemoryJournal()
    expected = await bench.execute(graph("note"), tools=box, journal=whole)
    for at in range(len(whole.events)):
        ran.clear()
        journal = Dying(at)
        with pytest.raises(StaleClaim):
            await bench.execute(graph("note"), tools=box, journal=journal)
        before = len(ran)
        settled = {step.output["result"] for step in journal.steps.values() if step.kind == "tool"}
        journal.at = None
        assert await bench.execute(graph("note"), tools=box, journal=journal) == expected
        assert not settled & set(ran[before:])
        completed = [e["call"] for e in journal.of(Kind.TOOL_COMPLETED)]
        assert sorted(completed) == [f"{KEY}/1/0", f"{KEY}/1/1", f"{KEY}/2/0"]


async def test_a_pause_lets_running_tools_end_and_begins_none(bench):
    async def pause(arguments, context):
        bench.journal.pause_requested = True
        return "paused"

    bench.endpoint.on("node_result", calls(("pause", {})), result_of_node)
    box = Toolbox([tool("pause", call=pause)])
    with pytest.raises(Paused):
        await bench.execute(graph("pause"), tools=box)
    assert [e["result"] for e in bench.journal.of(Kind.TOOL_COMPLETED)] == ["paused"]
    bench.journal.pause_requested = False
    await bench.execute(graph("pause"), tools=box)
    assert len(bench.journal.of(Kind.TOOL_COMPLETED)) == 1


async def test_a_node_that_is_cut_off_stops_its_tools(bench):
    stopped = asyncio.Event()

    async def slow_one(arguments, context):
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    bench.endpoint.on("node_result", calls(("slow_one", {})), result_of_node)
    made = graph("slow_one")
    made["nodes"][0]["execution"] = {"timeout_seconds": 0.2}
    with pytest.raises(NodeFailed, match=r"did not finish within 0\.2 s"):
        await bench.execute(made, tools=Toolbox([tool("slow_one", call=slow_one)]))
    assert stopped.is_set()
    assert bench.journal.of(Kind.TOOL_COMPLETED) == []


async def test_files_go_from_agent_to_agent_and_survive(bench):
    async def keep(arguments, context):
        await context.files.write("notes/a.txt", arguments["text"])
        return "kept"

    async def fail_after_writing(arguments, context):
        await context.files.write("lost.txt", "never kept")
        raise ToolFailed("It did not work out.")

    async def look(arguments, context):
        return {"sizes": await context.files.sizes(), "text": await context.files.read("notes/a.txt")}

    box = Toolbox(
        [tool("keep", call=keep, parameters=TEXT), tool("bad", call=fail_after_writing), tool("look", call=look)]
    )
    made = graph_of(sub_task("write", ["goal"], ["report"]), sub_task("read", ["report"], ["summary"]))
    made["nodes"][0]["agents"][0]["tool_names"] = ["keep", "bad"]
    made["nodes"][1]["agents"][0]["tool_names"] = ["look"]
    script = {"write": calls(("keep", {"text": "owls"}), ("bad", {})), "read": calls(("look", {}))}

    async def answer(asked, writer):
        has_results = any(m["role"] == "tool" for m in messages_of(asked))
        await (result_of_node if has_results else script[asked.node])(asked, writer)

    bench.endpoint.on("node_result", answer)
    await bench.execute(made, tools=box)
    assert json.loads(results_in(bench.endpoint.asked[-1])[0]) == {"sizes": {"notes/a.txt": 4}, "text": "owls"}
    # A later run begins with the ledger only.
    kept = {key: step for key, step in bench.journal.steps.items() if "/read/" not in key}
    await bench.execute(made, tools=box, journal=MemoryJournal(kept))
    assert "owls" in results_in(bench.endpoint.asked[-1])[0]
