"""Reviews after iterations, and the follow-up tasks that they add."""

import pytest

from workflows.engine.execution.reviews import shortened
from workflows.engine.graphs.graph import validate
from workflows.engine.memory import MemoryJournal
from workflows.events import Kind
from workflows.exceptions import ModelUnusable

from .graphs import graph_of
from .scripted import says, sub_task

MET = {"goal_met": True, "reason": "All is there.", "follow_ups": []}


def graph():
    return graph_of(sub_task("collect", ["goal"], ["points"]), sub_task("write", ["points"], ["report"]))


def wants(*follow_ups):
    """A review that asks for these, each a name and its inputs."""
    asked = [{"name": name, "description": f"Do it: {name}.", "inputs": list(inputs)} for name, *inputs in follow_ups]
    return says({"goal_met": False, "reason": "Something is missing.", "follow_ups": asked})


async def test_a_goal_that_is_met_ends_it(bench):
    bench.endpoint.on("workflow_review", says(MET))
    done = await bench.execute(graph(), depth=3, breadth=2)
    assert done["iterations"] == 1
    assert "graph" not in done
    (told,) = bench.journal.of(Kind.ITERATION_COMPLETED)
    assert told == {
        "iteration": 1,
        "depth": 3,
        "review": {"goal_met": True, "reason": "All is there.", "added": []},
    }
    asked = bench.endpoint.about("workflow_review")[0]
    assert asked.section("Results") == {"points": "points of collect", "report": "report of write"}
    assert asked.section("Limits") == {"follow_ups": 2}


async def test_follow_ups_run_side_by_side_on_what_they_name(bench):
    bench.endpoint.on("workflow_review", wants(("check", "report"), ("extend", "points", "report")), says(MET))
    done = await bench.execute(graph(), depth=3, breadth=2)
    assert done["iterations"] == 2
    assert done["outputs"] == {
        "report": "report of write",
        "check_result": "check_result of check",
        "extend_result": "extend_result of extend",
    }
    prompts = {a.node: a.body["messages"][1]["content"] for a in bench.endpoint.about("node_result")}
    assert "<input>report of write</input>" in prompts["check"]
    assert "points of collect" not in prompts["check"]
    assert "<input>Report on risks</input>" in prompts["check"]
    assert validate(done["graph"]) == []
    edges = {(e["source"], e["target"]) for e in done["graph"]["edges"]}
    assert {("collect", "extend"), ("write", "extend"), ("write", "check")} < edges
    runs = [e["node_run"] for e in bench.journal.of(Kind.NODE_FINISHED)]
    assert set(runs[2:]) == {"node/2/check/1", "node/2/extend/1"}


async def test_iterations_are_at_most_depth(bench):
    bench.endpoint.on("workflow_review", wants(("one",)), wants(("two", "one_result")), wants(("three",)))
    done = await bench.execute(graph(), depth=3, breadth=1)
    assert done["iterations"] == 3
    assert len(bench.endpoint.about("workflow_review")) == 2, "the last iteration needs no review"
    assert [e["iteration"] for e in bench.journal.of(Kind.ITERATION_STARTED)] == [1, 2, 3]
    assert validate(done["graph"]) == []
    progress = [e["progress"] for e in bench.journal.of(Kind.TASK_PROGRESS)]
    assert progress == sorted(set(progress))
    assert progress == [0, 33, 66, 80, 83, 99]


@pytest.mark.parametrize("settings", [{"depth": 1, "breadth": 5}, {"depth": 5, "breadth": 0}])
async def test_without_depth_or_breadth_nothing_is_reviewed(bench, settings):
    assert (await bench.execute(graph(), **settings))["iterations"] == 1
    assert bench.endpoint.about("workflow_review") == []


async def test_a_goal_that_is_not_met_and_nothing_to_do_ends_it(bench):
    bench.endpoint.on("workflow_review", wants())
    assert (await bench.execute(graph(), depth=2, breadth=1))["iterations"] == 1


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (wants(("a",), ("b",), ("c",)), "there are 3 follow_ups; 2 is the most"),
        (wants(("write",)), "follow-up 'write': there is a sub-task of this name already"),
        (wants(("a",), ("a",)), "there is a sub-task of this name already"),
        (wants(("a", "points", "sources")), "there is no result sources; its inputs must be of goal, points, report"),
        (wants(("2nd",)), "its name must be at most 64 letters"),
        (says({"goal_met": False, "follow_ups": [{"name": "a", "description": " "}]}), "must say what to do"),
        (says({"reason": "?"}), "goal_met: field required"),
        (says("All is well."), "no valid JSON"),
    ],
)
async def test_a_review_that_does_not_fit_goes_back(bench, wrong, problem):
    bench.endpoint.on("workflow_review", wrong, says(MET))
    await bench.execute(graph(), depth=2, breadth=2)
    assert problem in bench.endpoint.about("workflow_review")[1].last_message


async def test_a_review_that_never_fits_is_the_reason(bench):
    bench.endpoint.on("workflow_review", says("All is well."))
    with pytest.raises(ModelUnusable, match="The model's review stayed invalid after 3 tries"):
        await bench.execute(graph(), depth=2, breadth=2)


async def test_braces_in_a_follow_up_are_text(bench):
    follow_up = {"name": "mend", "description": "Do it: mend. Use {goal} and {x}", "inputs": []}
    bench.endpoint.on("workflow_review", says({"goal_met": False, "reason": "", "follow_ups": [follow_up]}), says(MET))
    await bench.execute(graph(), depth=2, breadth=2)
    prompt = bench.endpoint.about("node_result")[-1].body["messages"][1]["content"]
    assert "Use {goal} and {x}" in prompt


async def test_a_replay_reviews_nothing_again(bench):
    bench.endpoint.on("workflow_review", wants(("one", "report")), says(MET))
    first = await bench.execute(graph(), depth=3, breadth=1)
    told, asked = list(bench.journal.events), len(bench.endpoint.asked)
    assert await bench.execute(graph(), depth=3, breadth=1) == first
    assert bench.journal.events == told
    own = {key: step for key, step in bench.journal.steps.items() if step.kind != "model"}
    assert await bench.execute(graph(), depth=3, breadth=1, journal=MemoryJournal(own)) == first
    assert len(bench.endpoint.asked) == asked


def test_large_results_are_cut_for_the_review():
    values = {f"v{i}": "x" * 100_000 for i in range(10)} | {"small": [1, 2]}
    cut = shortened(values)
    assert cut["small"] == [1, 2]
    assert sum(len(str(value)) for value in cut.values()) < 70_000
