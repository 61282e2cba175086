"""A workflow executed over real HTTP: what runs at once, what flows, what is told, what is never done twice."""

import asyncio

import pytest

from workflows.engine.execution.executor import ExecutionLimits
from workflows.engine.graphs.executable import execution_problems, ignored_inputs
from workflows.engine.llm.client import Models
from workflows.engine.memory import MemoryJournal
from workflows.events import Kind
from workflows.exceptions import Invalid

from .graphs import chain, diamond, graph_of
from .scripted import parameter, result, result_of_node, says, sub_task
from .tooling import tool


async def test_a_workflow_gives_its_outputs_and_every_nodes_results(bench):
    done = await bench.execute(diamond())
    assert done["outputs"] == {"report": "report of write"}
    assert done["results"]["collect"] == {"points": "points of collect"}
    assert len(done["results"]) == 6
    assert done["iterations"] == 1
    assert "graph" not in done


async def test_values_flow_by_name_into_the_prompts(bench):
    listed = parameter("points", "array")
    graph = graph_of(sub_task("collect", ["goal"], [listed]), sub_task("write", [listed, "goal"], ["report"]))
    bench.endpoint.on("node_result", says({"thought": "", "points": ["{goal}", {"a": "}{"}]}), result_of_node)
    await bench.execute(graph, {"goal": "Braces { and {goal} and </input> stay"})
    first, second = bench.endpoint.asked
    prompt = second.body["messages"][1]["content"]
    assert '<input>["{goal}", {"a": "}{"}]</input>' in prompt
    assert "<input>Braces { and {goal} and < /input> stay</input>" in prompt
    assert first.section("Outputs") == [{**parameter("points", "array")}]
    assert first.body["response_format"]["json_schema"]["name"] == "node_result"


async def test_the_graphs_goal_is_the_goal_unless_one_is_given(bench):
    graph = graph_of(sub_task("write", ["goal"], ["report"]), goal="Report on owls")
    await bench.execute(graph)
    assert "<input>Report on owls</input>" in bench.endpoint.asked[0].body["messages"][1]["content"]
    await bench.execute(graph, {"goal": "Report on mice"}, journal=MemoryJournal())
    assert "<input>Report on mice</input>" in bench.endpoint.asked[1].body["messages"][1]["content"]


async def test_inputs_that_do_not_fit_are_refused_before_anything_is_asked(bench):
    graph = graph_of(sub_task("write", ["goal", parameter("pages", "integer")], ["report"]))
    with pytest.raises(Invalid, match="the input 'pages' must be an integer, not the text 'many'"):
        await bench.execute(graph, {"pages": "many"})
    assert bench.endpoint.asked == []
    await bench.execute(graph, {"pages": "3", "other": 1})
    assert "<input>3</input>" in bench.endpoint.asked[0].body["messages"][1]["content"]


def test_what_keeps_a_graph_from_being_executed_is_named_with_its_place():
    graph = graph_of(sub_task("write", ["goal", parameter("pages", "integer"), "source"], ["report"]))
    graph["nodes"][0]["agents"][0]["tool_names"] = ["browser", "search"]
    inputs = {"pages": [3], "goal": "Owls", "colour": "red"}
    offered = [tool("search", "Finds pages.")]
    assert execution_problems(graph, inputs, offered) == [
        {"loc": ["inputs", "pages"], "msg": "the input 'pages' must be an integer, not an array", "type": "type_error"},
        {"loc": ["inputs", "source"], "msg": "the workflow needs the input 'source', a string: The source.",
         "type": "missing"},
        {"loc": ["workflow_graph", "nodes", 0, "agents", 0, "tool_names"],
         "msg": "agent 'write_agent' needs the tool browser, and on offer are search; choose from these, or set "
                "tool_names to null",
         "type": "value_error"},
    ]  # fmt: skip
    assert "no tools are on offer; set its tool_names to null" in execution_problems(graph, inputs)[-1]["msg"]
    assert ignored_inputs(graph, inputs) == ["colour"]


async def test_everything_whose_inputs_are_there_runs_at_once(bench):
    all_here = asyncio.Barrier(4)

    async def together(asked, writer):
        if asked.node.startswith("look"):
            await all_here.wait()
        await result_of_node(asked, writer)

    bench.endpoint.on("node_result", together)
    async with asyncio.timeout(10):
        await bench.execute(diamond())


async def test_no_more_nodes_run_at_once_than_the_limit(bench):
    running, most = set(), []

    async def counted(asked, writer):
        running.add(asked.node)
        most.append(len(running))
        await asyncio.sleep(0)
        running.discard(asked.node)
        await result_of_node(asked, writer)

    bench.endpoint.on("node_result", counted)
    wide = graph_of(*(sub_task(f"n{i}", ["goal"], [f"v{i}"]) for i in range(12)))
    await bench.execute(wide, limits=ExecutionLimits(nodes_at_once=2))
    assert len(most) == 12
    assert max(most) <= 2


async def test_a_slow_branch_does_not_hold_up_another(bench):
    """Longest path, not level by level: b2 ends before a1 does."""
    b_is_through = asyncio.Event()

    async def answer(asked, writer):
        if asked.node == "a1":
            await b_is_through.wait()
        await result_of_node(asked, writer)
        if asked.node == "b2":
            b_is_through.set()

    bench.endpoint.on("node_result", answer)
    graph = graph_of(
        sub_task("a1", ["goal"], ["x1"]),
        sub_task("b1", ["goal"], ["y1"]),
        sub_task("a2", ["x1"], ["x2"]),
        sub_task("b2", ["y1"], ["y2"]),
    )
    async with asyncio.timeout(10):
        await bench.execute(graph)


async def test_an_edge_without_data_orders_two_nodes(bench):
    graph = graph_of(sub_task("late", ["goal"], ["x"]), sub_task("early", ["goal"], ["y"]))
    graph["edges"] = [{"source": "early", "target": "late"}]
    await bench.execute(graph)
    assert [asked.node for asked in bench.endpoint.asked] == ["early", "late"]


async def test_every_step_is_told(bench):
    graph = graph_of(sub_task("collect", ["goal"], ["points"]), sub_task("write", ["points"], ["report"]))
    await bench.execute(graph)
    kinds = [e.kind for e in bench.journal.events if e.kind not in (Kind.MODEL_TEXT, Kind.NODE_PROGRESS)]
    node = [Kind.NODE_STARTED, Kind.MODEL_STARTED, Kind.MODEL_COMPLETED, Kind.NODE_FINISHED]
    assert [k for k in kinds if k is not Kind.TASK_PROGRESS] == [
        Kind.WORKFLOW_STARTED, Kind.ITERATION_STARTED, *node, *node, Kind.ITERATION_COMPLETED,
    ]  # fmt: skip
    (started,) = bench.journal.of(Kind.WORKFLOW_STARTED)
    assert started["nodes"][1] == {"name": "write", "description": "Do write.", "depends_on": ["collect"]}
    assert (started["inputs"], started["total"], started["done"]) == (["goal"], 2, 0)
    first = bench.journal.of(Kind.NODE_FINISHED)[0]
    assert first.pop("duration_ms") >= 0
    assert first == {
        "node": "collect",
        "node_run": "node/1/collect/1",
        "iteration": 1,
        "run": 1,
        "outputs": {"points": "points of collect"},
    }
    assert [(e["progress"], e["step"], e["total_steps"]) for e in bench.journal.of(Kind.TASK_PROGRESS)] == [
        (0, 0, 2),
        (50, 1, 2),
        (99, 2, 2),
    ]
    assert {e["stage"] for e in bench.journal.of(Kind.MODEL_COMPLETED)} == {"execute"}
    assert [e["call"] for e in bench.journal.of(Kind.MODEL_STARTED)] == ["execute/1/collect/1/1", "execute/1/write/1/1"]


async def test_the_newest_finding_is_told_while_the_agent_writes(bench):
    reply = {"thought": "The owls are hungry tonight. Mice are few, e.g. in the barn.", "report": "x"}
    bench.endpoint.on("node_result", says(reply))
    await bench.execute(graph_of(sub_task("write", ["goal"], ["report"])))
    (found,) = bench.journal.of(Kind.NODE_PROGRESS)
    assert found["text"] == "Mice are few, e.g. in the barn."
    assert (found["node"], found["node_run"]) == ("write", "node/1/write/1")


async def test_a_reply_that_does_not_fit_goes_back(bench):
    graph = graph_of(sub_task("count", ["goal"], [parameter("number_of_owls", "integer"), "names"]))
    wrong = {"thought": "t", "number_of_owls": "about three"}
    right = {"thought": "t", "number_of_owls": " 3 ", "names": "A, B"}
    bench.endpoint.on("node_result", says(wrong), says(right))
    done = await bench.execute(graph)
    assert done["outputs"] == {"number_of_owls": 3, "names": "A, B"}
    assert bench.endpoint.asked[1].last_message.split("\n")[1:3] == [
        "- the output 'number_of_owls' must be an integer, not the text 'about three'",
        "- the output 'names' is missing; give it its value",
    ]
    (rejected,) = bench.journal.of(Kind.MODEL_REJECTED)
    assert (rejected["call"], rejected["node"]) == ("execute/1/count/1/1", "count")


async def test_a_settled_node_is_never_run_again_and_nothing_is_told_twice(bench):
    first = await bench.execute(diamond())
    told, asked = list(bench.journal.events), len(bench.endpoint.asked)
    assert await bench.execute(diamond()) == first
    assert bench.journal.events == told
    steps = {key: step for key, step in bench.journal.steps.items() if step.kind == "node"}
    assert await bench.execute(diamond(), journal=MemoryJournal(steps)) == first
    assert len(bench.endpoint.asked) == asked


async def test_only_what_is_missing_from_the_ledger_runs(bench):
    await bench.execute(diamond())
    kept = {k: s for k, s in bench.journal.steps.items() if "look_2" not in k and "write" not in k}
    asked = len(bench.endpoint.asked)
    await bench.execute(diamond(), journal=MemoryJournal(kept))
    assert [a.node for a in bench.endpoint.asked[asked:]] == ["look_2", "write"]


async def test_cancelling_leaves_no_task_behind(bench):
    in_flight = asyncio.Barrier(5)

    async def wait(asked, writer):
        if asked.node == "collect":
            await result_of_node(asked, writer)
            return
        await in_flight.wait()
        await asyncio.Event().wait()

    bench.endpoint.on("node_result", wait)
    before = asyncio.all_tasks() - bench.endpoint.connections
    running = asyncio.create_task(bench.execute(diamond()))
    async with asyncio.timeout(10):
        await in_flight.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    left = {t for t in asyncio.all_tasks() - before - {running} if t.get_name().startswith("node/")}
    assert left == set()


async def test_a_provider_is_asked_only_so_much_at_once_by_all_tasks(bench):
    in_flight, most = set(), []

    async def counted(asked, writer):
        in_flight.add(id(asked))
        most.append(len(in_flight))
        await asyncio.sleep(0)
        in_flight.discard(id(asked))
        await says(result(asked))(asked, writer)

    bench.endpoint.on("node_result", counted)
    async with Models(provider_calls_at_once=3) as bench.models:
        await asyncio.gather(*(bench.execute(diamond(), journal=MemoryJournal()) for _ in range(4)))
    assert len(most) == 24
    assert max(most) <= 3


async def test_a_chain_runs_in_its_order(bench):
    done = await bench.execute(chain(5))
    assert [asked.node for asked in bench.endpoint.asked] == ["n0", "n1", "n2", "n3", "n4"]
    assert done["outputs"] == {"v4": "v4 of n4"}
