"""What a node that fails does to itself and to the others: retries, timeouts, skips, and what is told."""

import asyncio
import json

import pytest

from workflows.engine.graphs.graph import validate
from workflows.engine.memory import MemoryJournal
from workflows.events import Kind
from workflows.exceptions import NodeFailed, StaleClaim

from .graphs import diamond, graph_of
from .scripted import fails, hangs, parameter, result_of_node, says, sub_task


def single(**execution):
    graph = graph_of(sub_task("write", ["goal"], ["report"]))
    if execution:
        graph["nodes"][0]["execution"] = execution
    return graph


def failing(*nodes, how=None):
    how = how or fails(401)

    async def answer(asked, writer):
        await (how if asked.node in nodes else result_of_node)(asked, writer)

    return answer


async def test_what_does_not_depend_on_a_failed_node_finishes(bench):
    bench.endpoint.on("node_result", failing("look_1"))
    with pytest.raises(NodeFailed) as failed:
        await bench.execute(diamond())
    assert failed.value.detail.startswith("Node 'look_1' failed: The model endpoint refused the key.")
    assert failed.value.nodes == ("look_1",)
    assert {e["node"] for e in bench.journal.of(Kind.NODE_FINISHED)} == {"collect", "look_0", "look_2", "look_3"}
    (told,) = bench.journal.of(Kind.NODE_FAILED)
    assert (told["node"], told["node_run"], told["error"]["type"]) == ("look_1", "node/1/look_1/1", "model_failed")
    (skip,) = bench.journal.of(Kind.NODE_SKIPPED)
    assert (skip["node"], skip["because"], skip["node_run"]) == ("write", "look_1", "node/1/write/1")
    assert bench.journal.of(Kind.ITERATION_COMPLETED) == []


async def test_all_failed_nodes_are_named(bench):
    bench.endpoint.on("node_result", failing("look_1", "look_3"))
    with pytest.raises(NodeFailed, match=r"2 nodes failed: look_[13], look_[13]") as failed:
        await bench.execute(diamond())
    assert set(failed.value.nodes) == {"look_1", "look_3"}
    assert [e["because"] for e in bench.journal.of(Kind.NODE_SKIPPED)] == [failed.value.nodes[0]]


async def test_a_node_is_retried_as_its_policy_says(bench):
    bench.endpoint.on("node_result", says("no"), says("no"), says("no"), fails(404), result_of_node)
    done = await bench.execute(single(retries=2, backoff_s=1.5))
    assert done["outputs"] == {"report": "report of write"}
    told = bench.journal.of(Kind.NODE_RETRIED)
    assert [(e["attempt"], e["error_type"], e["delay_s"]) for e in told] == [
        (1, "invalid_output", 1.5),
        (2, "model_failed", 3.0),
    ]
    assert sum(bench.waits) == 1.5 + 3.0, "in pieces, so that a pause need not wait for the end"
    calls = [e["call"].rpartition("/")[2] for e in bench.journal.of(Kind.MODEL_STARTED)]
    assert calls == ["1", "2", "3", "4", "7"], "each attempt has calls of its own in the ledger"


async def test_only_the_errors_that_are_named_are_retried(bench):
    bench.endpoint.on("node_result", fails(404))
    with pytest.raises(NodeFailed, match="Node 'write' failed: "):
        await bench.execute(single(retries=3, retry_on=["timeout", "invalid_output"]))
    assert bench.waits == []
    assert len(bench.endpoint.asked) == 1


async def test_a_node_that_hangs_is_given_up_and_tried_again(bench):
    bench.endpoint.on("node_result", hangs, result_of_node)
    await bench.execute(single(retries=1, timeout_seconds=0.1, retry_on=["timeout"]))
    (told,) = bench.journal.of(Kind.NODE_RETRIED)
    assert (told["error_type"], told["reason"]) == ("timeout", "It did not finish within 0.1 s.")
    bench.endpoint.on("node_result", hangs)
    with pytest.raises(NodeFailed, match=r"failed after 2 attempts: It did not finish within 0\.1 s\."):
        await bench.execute(single(retries=1, timeout_seconds=0.1), journal=MemoryJournal())


async def test_a_takeover_does_not_give_attempts_back(bench):
    bench.endpoint.on("node_result", fails(404))
    journal = MemoryJournal()
    bench.models.retries = type(bench.models.retries)(sleep=_die)
    with pytest.raises(_DiedError):
        await bench.execute(single(retries=1), journal=journal)
    with pytest.raises(NodeFailed, match="after 2 attempts"):
        await bench.execute(single(retries=1), journal=journal)
    assert len(bench.endpoint.asked) == 2
    told = list(journal.events)
    with pytest.raises(NodeFailed, match="after 2 attempts"):
        await bench.execute(single(retries=1), journal=journal)
    assert journal.events == told
    assert len(bench.endpoint.asked) == 2


class _DiedError(Exception):
    pass


async def _die(seconds):
    raise _DiedError


async def test_a_lost_claim_stops_everything_at_once(bench):
    in_flight = asyncio.Barrier(4)

    class Lost(MemoryJournal):
        async def settle(self, step, kind, data):
            if step.key.startswith("execute/1/look_1"):
                raise StaleClaim("another worker has it")
            await super().settle(step, kind, data)

    async def answer(asked, writer):
        if asked.node.startswith("look"):
            await in_flight.wait()
            if asked.node != "look_1":
                await asyncio.Event().wait()
        await result_of_node(asked, writer)

    bench.endpoint.on("node_result", answer)
    async with asyncio.timeout(10):
        with pytest.raises(StaleClaim):
            await bench.execute(diamond(), journal=Lost())


async def test_a_reply_without_end_is_refused(bench):
    bench.endpoint.on("node_result", says("x" * 10_000_000))
    with pytest.raises(NodeFailed, match="did not stop writing"):
        await bench.execute(single())
    assert len(bench.endpoint.asked) == 1


async def test_a_result_that_is_too_large_says_so(bench):
    reply = json.dumps({"thought": "", "report": "\U0001f989" * 300_000}, ensure_ascii=False)
    bench.endpoint.on("node_result", says(reply))
    with pytest.raises(NodeFailed, match=r"The result has 1,200,\d\d\d bytes, and 1,000,000 is the most\."):
        await bench.execute(single())
    assert len(bench.endpoint.asked) == 1


async def test_a_large_result_is_whole_in_the_ledger_and_cut_in_its_event(bench):
    text = "An owl sat in a tree. " * 9_000
    bench.endpoint.on("node_result", says({"thought": "", "report": text}))
    done = await bench.execute(single())
    assert done["outputs"] == {"report": text}
    (told,) = bench.journal.of(Kind.NODE_FINISHED)
    assert told["truncated"] is True
    assert told["outputs"]["report"].startswith("An owl sat in a tree.")


@pytest.mark.parametrize(
    ("execution", "problem"),
    [
        (7, "execution must be an object with retries, retry_on, backoff_s, timeout_seconds"),
        ({"retries": 11}, "retries must be a whole number from 0 to 10"),
        ({"retries": True}, "retries must be a whole number"),
        ({"retry_on": ["timeout", "rain"]}, "retry_on must be a list of some of timeout, model_failed, invalid_output"),
        ({"retry_on": "timeout"}, "retry_on must be a list"),
        ({"backoff_s": -1}, "backoff_s must be a number of seconds from 0 to 300"),
        ({"timeout_seconds": 0}, "timeout_seconds must be a number of seconds, more than 0"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds must be a number"),
        ({"retry": 1}, "has the unknown key 'retry'"),
    ],
)
def test_a_policy_that_is_wrong_is_named(execution, problem):
    graph = single()
    graph["nodes"][0]["execution"] = execution
    (found,) = validate(graph)
    assert found.startswith("nodes[0].execution")
    assert problem in found


async def test_a_model_that_declines_fails_its_node(bench):
    bench.endpoint.on("node_result", says("", refusal="I cannot do that."))
    with pytest.raises(NodeFailed, match=r"The model declined this sub-task: I cannot do that\."):
        await bench.execute(graph_of(sub_task("write", ["goal"], [parameter("report")])))
