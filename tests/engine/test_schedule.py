"""Which node may start when: without a model, without time."""

import pytest

from workflows.engine.execution.schedule import Schedule, Turn

from .graphs import chain, diamond, graph_of, loop
from .scripted import parameter, sub_task


def scheduled(graph, *, loop_rounds=3):
    return Schedule(graph["nodes"], graph["edges"], {"goal": "g"}, loop_rounds=loop_rounds)


def ready(schedule):
    turns = [(turn.node, turn.run) for turn in schedule.ready]
    schedule.ready.clear()
    return turns


def skipped(schedule):
    skips = [(skip.node, skip.because) for skip in schedule.skipped]
    schedule.skipped.clear()
    return skips


def run_all(schedule, outputs_of):
    """Run everything that gets ready; `outputs_of(turn, inputs)` is the agent. Returns the turns in their order."""
    turns = []
    while schedule.ready:
        turn = schedule.ready.popleft()
        turns.append((turn.node, turn.run))
        schedule.finish(turn.node, outputs_of(turn, schedule.inputs_of(turn.node)))
    return turns


def test_a_node_starts_when_all_before_it_are_done():
    schedule = scheduled(diamond())
    assert ready(schedule) == [("collect", 1)]
    schedule.finish("collect", {"points": 1})
    assert ready(schedule) == [(f"look_{i}", 1) for i in range(4)]
    for i in range(3):
        schedule.finish(f"look_{i}", {f"view_{i}": i})
    assert ready(schedule) == []
    schedule.finish("look_3", {"view_3": 3})
    assert ready(schedule) == [("write", 1)]
    assert schedule.inputs_of("write") == {f"view_{i}": i for i in range(4)}


def test_what_depends_on_a_failure_is_skipped_and_names_it():
    graph = graph_of(
        sub_task("a", ["goal"], ["x"]),
        sub_task("b", ["x"], ["y"]),
        sub_task("c", ["y"], ["z"]),
        sub_task("other", ["goal"], ["w"]),
    )
    schedule = scheduled(graph)
    assert ready(schedule) == [("a", 1), ("other", 1)]
    schedule.fail("a")
    assert skipped(schedule) == [("b", "a"), ("c", "a")]
    schedule.finish("other", {"w": 1})
    assert ready(schedule) == []
    assert schedule.results == {"other": {"w": 1}}


def test_an_optional_input_is_waited_for_and_done_without_if_its_maker_fails():
    graph = graph_of(
        sub_task("write", ["goal", parameter("tips", required=False)], ["text"]),
        sub_task("advise", ["goal"], ["tips"]),
    )
    schedule = scheduled(graph)
    assert ready(schedule) == [("advise", 1)]
    schedule.fail("advise")
    assert ready(schedule) == [("write", 1)]
    assert skipped(schedule) == []
    assert schedule.inputs_of("write") == {"goal": "g", "tips": None}


def drafts(remarks):
    """An agent for `loop()`: the reviewer's remarks come from the list."""
    left = iter(remarks)

    def outputs_of(turn, inputs):
        match turn.node:
            case "write":
                return {"draft": f"{turn.run} with {inputs['remarks']}"}
            case "review":
                return {"remarks": next(left)}
        return {"article": inputs["draft"]}

    return outputs_of


def test_feedback_runs_the_loop_again_and_what_follows_waits():
    schedule = scheduled(loop())
    turns = run_all(schedule, drafts(["longer", "shorter", ""]))
    assert turns == [
        ("write", 1), ("review", 1), ("write", 2), ("review", 2), ("write", 3), ("review", 3), ("publish", 1),
    ]  # fmt: skip
    assert schedule.results["publish"] == {"article": "3 with shorter"}


@pytest.mark.parametrize("nothing", ["", "  ", None, False, [], {}])
def test_empty_feedback_ends_a_loop(nothing):
    turns = run_all(scheduled(loop()), drafts([nothing]))
    assert turns == [("write", 1), ("review", 1), ("publish", 1)]


def test_the_same_feedback_again_ends_a_loop():
    assert run_all(scheduled(loop()), drafts(["longer", "longer"]))[-2:] == [("review", 2), ("publish", 1)]


def test_zero_is_feedback():
    assert ("write", 2) in run_all(scheduled(loop()), drafts([0, 0]))


@pytest.mark.parametrize("rounds", [0, 1, 5])
def test_a_loop_has_a_bound(rounds):
    turns = run_all(scheduled(loop(), loop_rounds=rounds), drafts(iter(range(100))))
    assert [turn for turn in turns if turn[0] == "write"] == [("write", run + 1) for run in range(rounds + 1)]
    assert turns[-1] == ("publish", 1)


def test_only_the_reader_and_what_follows_it_in_the_loop_runs_again():
    graph = graph_of(
        sub_task("research", ["goal", parameter("gaps", required=False)], ["facts"]),
        sub_task("write", ["facts", parameter("remarks", required=False)], ["draft"]),
        sub_task("review", ["draft"], ["remarks", "gaps"]),
    )
    replies = iter([{"remarks": "shorter", "gaps": None}, {"remarks": "shorter", "gaps": "birds"}, {}])

    def outputs_of(turn, inputs):
        if turn.node == "review":
            return {"remarks": None, "gaps": None, **next(replies)}
        return {"facts": inputs} if turn.node == "research" else {"draft": inputs}

    schedule = scheduled(graph)
    assert run_all(schedule, outputs_of) == [
        ("research", 1), ("write", 1), ("review", 1),
        ("write", 2), ("review", 2),
        ("research", 2), ("write", 3), ("review", 3),
    ]  # fmt: skip
    assert schedule.results["research"]["facts"] == {"goal": "g", "gaps": "birds"}


def test_a_failure_in_a_later_round_skips_what_needs_it_only():
    graph = loop()
    graph["nodes"].append(
        {**graph["nodes"][2], "name": "file_remarks", "inputs": [{**parameter("remarks")}], "outputs": [parameter("f")]}
    )
    schedule = scheduled(graph)
    for node, made in (("write", {"draft": "1"}), ("review", {"remarks": "longer"}), ("write", {"draft": "2"})):
        schedule.finish(node, made)
    ready(schedule)
    schedule.fail("review")
    assert skipped(schedule) == [("file_remarks", "review")]
    assert ready(schedule) == [("publish", 1)]
    assert schedule.inputs_of("publish") == {"draft": "2"}
    assert schedule.results == {"write": {"draft": "2"}}


def test_two_loops_side_by_side_do_not_know_of_each_other():
    def pair(name):
        return [
            sub_task(f"write_{name}", ["goal", parameter(f"remarks_{name}", required=False)], [f"draft_{name}"]),
            sub_task(f"review_{name}", [f"draft_{name}"], [f"remarks_{name}"]),
        ]

    schedule = scheduled(graph_of(*pair("a"), *pair("b")))
    assert ready(schedule) == [("write_a", 1), ("write_b", 1)]
    schedule.finish("write_a", {"draft_a": "x"})
    schedule.finish("review_a", {"remarks_a": "longer"})
    assert Turn("write_a", 2) in schedule.ready
    assert schedule.inputs_of("write_a")["remarks_a"] == "longer"


def test_feedback_is_the_last_rounds_even_if_its_maker_is_further_on():
    """`b` and `c` of one round run side by side: what `b` is fed is not what `c` makes meanwhile."""
    graph = graph_of(
        sub_task("a", ["goal", parameter("z", required=False)], ["x"]),
        sub_task("c", ["x"], ["z"]),
        sub_task("b", ["x", parameter("z", required=False), parameter("w", required=False)], ["y"]),
        sub_task("d", ["y"], ["w"]),
    )
    schedule = scheduled(graph)
    fed = []

    def outputs_of(turn, inputs):
        if turn.node == "b":
            fed.append((turn.run, inputs["w"]))
        return {{"a": "x", "b": "y", "c": "z", "d": "w"}[turn.node]: f"{turn.node}{turn.run}"}

    run_all(schedule, outputs_of)
    assert fed[0] == (1, None)
    assert fed[1] == (2, "d1")


@pytest.mark.parametrize("length", [5_000])
def test_a_deep_chain_and_a_wide_row_take_linear_time_and_no_recursion(length):
    graph = chain(length)
    schedule = scheduled(graph)
    assert len(run_all(schedule, lambda turn, inputs: {f"v{turn.node[1:]}": 1})) == length
    schedule = scheduled(graph)
    schedule.fail("n0")
    assert len(skipped(schedule)) == length - 1
    wide = graph_of(*(sub_task(f"n{i}", ["goal"], [f"v{i}"]) for i in range(length)))
    assert len(ready(scheduled(wide))) == length
