"""Paused, or killed, at every place in turn: what was settled stays, and the result is the same."""

import pytest

from workflows.engine.graphs import wiring
from workflows.engine.memory import MemoryJournal
from workflows.engine.replay import kept
from workflows.events import Kind
from workflows.exceptions import NodeFailed, Paused, StaleClaim

from .graphs import diamond, graph_of, loop
from .scripted import fails, plan, result, result_of_node, says, sub_task


class Pausing(MemoryJournal):
    """Asks for a pause at one of its boundaries."""

    def __init__(self, at=None):
        super().__init__()
        self.boundaries = 0
        self.at = at

    async def boundary(self):
        self.boundaries += 1
        self.pause_requested = self.pause_requested or self.boundaries == self.at
        await super().boundary()


class Dying(MemoryJournal):
    """Refuses everything from one write on, as if the worker had been killed before it."""

    def __init__(self, at=None):
        super().__init__()
        self.writes = 0
        self.at = at

    def _append(self, key, kind, data):
        # Text is no place of its own to die at: it is written with what follows it.
        self.writes += key is not None
        if self.at is not None and self.writes >= self.at:
            raise StaleClaim("killed")
        super()._append(key, kind, data)


def reviewed_twice():
    """Answers for `loop()`: the reviewer has remarks in two rounds."""

    async def answer(asked, writer):
        if asked.node != "review":
            return await result_of_node(asked, writer)
        prompt = asked.body["messages"][1]["content"]
        rounds = sum(word in prompt for word in ("draft-1", "draft-2"))
        return await says({"thought": "", "remarks": ["first", "second", ""][rounds]})(asked, writer)

    async def with_drafts(asked, writer):
        if asked.node == "write":
            prompt = asked.body["messages"][1]["content"]
            number = 1 if "first" in prompt else 2 if "second" in prompt else 0
            return await says(result(asked, draft=f"draft-{number}"))(asked, writer)
        return await answer(asked, writer)

    return with_drafts


GRAPHS = {"diamond": (diamond, lambda: result_of_node), "loop": (loop, reviewed_twice)}


def calls_of(journal):
    return [e["call"] for e in journal.of(Kind.MODEL_COMPLETED)]


@pytest.mark.parametrize("name", GRAPHS)
async def test_a_pause_at_every_boundary_loses_and_repeats_nothing(bench, name):
    make, answers = GRAPHS[name]
    bench.endpoint.on("node_result", answers())
    whole = Pausing()
    expected = await bench.execute(make(), journal=whole)
    assert whole.boundaries >= 12
    for at in range(1, whole.boundaries + 1):
        bench.endpoint.asked.clear()
        journal = Pausing(at)
        with pytest.raises(Paused):
            await bench.execute(make(), journal=journal)
        assert len(calls_of(journal)) == len(bench.endpoint.asked), "what was in flight has ended and is settled"
        started = {e["node_run"] for e in journal.of(Kind.NODE_STARTED)}
        with pytest.raises(Paused):
            await bench.execute(make(), journal=journal)
        assert {e["node_run"] for e in journal.of(Kind.NODE_STARTED)} == started, "a paused task begins nothing"
        journal.pause_requested = False
        assert await bench.execute(make(), journal=journal) == expected
        assert sorted(calls_of(journal)) == sorted(calls_of(whole))
        assert len(bench.endpoint.asked) == len(calls_of(whole)), "no call was made twice"


@pytest.mark.parametrize("name", GRAPHS)
async def test_a_crash_before_every_write_repeats_only_what_was_in_flight(bench, name):
    make, answers = GRAPHS[name]
    bench.endpoint.on("node_result", answers())
    whole = Dying()
    expected = await bench.execute(make(), journal=whole)
    for at in range(1, whole.writes + 1):
        journal = Dying(at)
        with pytest.raises(StaleClaim):
            await bench.execute(make(), journal=journal)
        settled = {key for key, step in journal.steps.items() if step.kind == "model"}
        journal.at = None
        bench.endpoint.asked.clear()
        assert await bench.execute(make(), journal=journal) == expected
        assert len(bench.endpoint.asked) == len(calls_of(whole)) - len(settled), f"crash before write {at}"
        keys = [event.key for event in journal.events if event.key and event.kind is not Kind.NODE_PROGRESS]
        assert len(keys) == len(set(keys))
        assert set(keys) == {e.key for e in whole.events if e.key and e.kind is not Kind.NODE_PROGRESS}


async def test_a_generation_that_is_paused_cancels_no_call(bench):
    tasks = [sub_task(f"n{i}", ["goal"], [f"v{i}"]) for i in range(3)]
    bench.endpoint.on("workflow_plan", says(plan(*tasks)))
    whole = Pausing()
    expected = await bench.generate(journal=whole)
    for at in range(1, whole.boundaries + 1):
        bench.endpoint.asked.clear()
        journal = Pausing(at)
        with pytest.raises(Paused):
            await bench.generate(journal=journal)
        assert len(calls_of(journal)) == len(bench.endpoint.asked)
        journal.pause_requested = False
        assert await bench.generate(journal=journal) == expected
        assert len(bench.endpoint.asked) == 4


async def test_a_pause_does_not_hide_a_failure(bench):
    """A node failed while others came to their boundary: after the resume it is still the reason."""
    bench.endpoint.on("node_result", fails(404))
    graph = graph_of(sub_task("a", ["goal"], ["x"]), sub_task("b", ["goal"], ["y"]))
    journal = Pausing(at=2)
    with pytest.raises(Paused):
        await bench.execute(graph, journal=journal)
    journal.pause_requested = False
    with pytest.raises(NodeFailed):
        await bench.execute(graph, journal=journal)


async def test_a_wait_for_a_retry_ends_at_a_pause(bench):
    bench.endpoint.on("node_result", fails(500))
    journal = MemoryJournal()

    async def pause(seconds):
        journal.pause_requested = True

    bench.models.retries = type(bench.models.retries)(sleep=pause)
    with pytest.raises(Paused):
        await bench.execute(diamond(), journal=journal)
    assert len(bench.endpoint.asked) == 1


def kinds(journal):
    return {key: step.kind for key, step in journal.steps.items()}


async def rerun(bench, graph, journal, **changes):
    """What a new task with what is left of the ledger runs: the nodes that were asked."""
    against = [(target, source) for source, target in wiring.links(graph["nodes"], graph["edges"])]
    redone = wiring.leading_to(changes.pop("redo", ()), against)
    rejected = {data["call"] for data in journal.of(Kind.MODEL_REJECTED)}
    steps = {key: journal.steps[key] for key in kept(kinds(journal), rejected, redone)}
    bench.endpoint.asked.clear()
    again = MemoryJournal(steps)
    await bench.execute(graph, journal=again, **changes)
    told = {e["node_run"]: e.get("taken_over", False) for e in again.of(Kind.NODE_FINISHED)}
    assert told == {key: key in steps for key, step in again.steps.items() if step.kind == "node"}, "all are told"
    return sorted(asked.node for asked in bench.endpoint.asked if asked.about == "node_result")


async def test_a_rerun_runs_what_failed_with_all_its_attempts(bench):
    graph = diamond()
    graph["nodes"][2]["execution"] = {"retries": 1}

    async def answer(asked, writer):
        await (says("no") if asked.node == "look_1" else result_of_node)(asked, writer)

    bench.endpoint.on("node_result", answer)
    with pytest.raises(NodeFailed, match="'look_1' failed after 2 attempts"):
        await bench.execute(graph)
    bench.endpoint.on("node_result", says("no"), says("no"), says("no"), result_of_node)
    assert await rerun(bench, graph, bench.journal) == ["look_1"] * 4 + ["write"]


async def test_a_rerun_from_a_node_takes_over_what_does_not_follow_it(bench):
    await bench.execute(diamond())
    assert await rerun(bench, diamond(), bench.journal, redo=["look_2"]) == ["look_2", "write"]
    assert await rerun(bench, diamond(), bench.journal, redo=["write"]) == ["write"]


async def test_a_rerun_from_a_node_in_a_loop_runs_the_loop_again(bench):
    bench.endpoint.on("node_result", reviewed_twice())
    await bench.execute(loop())
    again = await rerun(bench, loop(), bench.journal, redo=["review"])
    assert again == ["publish", "review", "review", "review", "write", "write", "write"]
