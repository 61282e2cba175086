"""Every rule of a valid graph has one graph that breaks it, and the sentence that says so."""

import copy
import json

import pytest

from workflows.engine.graphs import wiring
from workflows.engine.graphs.graph import build, validate
from workflows.engine.shapes import Agent, Plan

from .scripted import agent, parameter, sub_task


def graph_of(*sub_tasks):
    plan = Plan.model_validate({"sub_tasks": sub_tasks})
    agents = {node["name"]: [Agent.model_validate(agent(node))] for node in sub_tasks}
    return build("Report", plan, agents)


@pytest.fixture
def graph():
    return graph_of(
        sub_task("collect", ["goal"], ["points"]),
        sub_task("write", ["goal", "points"], ["report"]),
    )


def optional(name):
    return parameter(name, required=False)


def test_the_graph_has_the_shape_of_the_contract(graph):
    assert json.loads(json.dumps(graph)) == graph
    assert list(graph) == ["class_name", "goal", "nodes", "edges", "workflow_inputs", "workflow_outputs"]
    assert graph["class_name"] == "WorkFlowGraph"
    assert list(graph["nodes"][0]) == [
        "class_name", "name", "description", "reason", "status", "inputs", "outputs", "agents",
    ]  # fmt: skip
    assert graph["nodes"][0]["inputs"] == [{"class_name": "Parameter", **parameter("goal")}]
    assert graph["nodes"][0]["agents"][0]["inputs"] == [parameter("goal")]
    assert graph["edges"] == [{"class_name": "WorkFlowEdge", "source": "collect", "target": "write", "priority": 0}]
    assert validate(graph) == []


def test_inputs_that_nobody_makes_are_the_workflows(graph):
    graph = graph_of(sub_task("a", [optional("goal"), "text"], ["x"]), sub_task("b", ["x", "goal"], ["y"]))
    assert [(p["name"], p["required"]) for p in graph["workflow_inputs"]] == [("goal", True), ("text", True)]


def test_outputs_that_nobody_takes_are_the_workflows():
    graph = graph_of(sub_task("a", ["goal"], ["x", "notes"]), sub_task("b", ["x"], ["y"]))
    assert [p["name"] for p in graph["workflow_outputs"]] == ["notes", "y"]


def test_feedback_into_an_optional_input_is_no_circle():
    graph = graph_of(
        sub_task("write", ["goal", optional("remarks")], ["draft"]),
        sub_task("review", ["draft"], ["remarks"]),
    )
    assert validate(graph) == []
    assert {(e["source"], e["target"]) for e in graph["edges"]} == {("write", "review"), ("review", "write")}
    assert [p["name"] for p in graph["workflow_outputs"]] == ["remarks"]


def test_nodes_without_connection_are_several_roots_and_ends():
    assert validate(graph_of(sub_task("a", ["goal"], ["x"]), sub_task("b", ["goal"], ["y"]))) == []


def test_an_edge_may_order_nodes_that_share_no_data():
    graph = graph_of(sub_task("a", ["goal"], ["x"]), sub_task("b", ["goal"], ["y"]))
    graph["edges"] = [{"source": "a", "target": "b"}]
    assert validate(graph) == []
    graph["edges"].append({"source": "b", "target": "a"})
    assert "these nodes wait for each other in a circle" in validate(graph)[0]


def test_any_agent_of_a_node_may_be_the_one_that_fits(graph):
    spare = agent(sub_task("spare", ["points"], ["report"]))
    graph["nodes"][1]["agents"].insert(0, spare)
    assert validate(graph) == []


BREAKS = {
    "goal must be a string": lambda g: g.pop("goal"),
    "nodes must be a list": lambda g: g.update(nodes=[]),
    "edges must be a list": lambda g: g.update(edges=None),
    "workflow_inputs must be a list of parameters": lambda g: g.pop("workflow_inputs"),
    "nodes[1] must be an object": lambda g: g["nodes"].__setitem__(1, "write"),
    "nodes[0].name must be letters, digits and underscores": lambda g: g["nodes"][0].update(name="collect it"),
    "nodes[0].description must be a string": lambda g: g["nodes"][0].pop("description"),
    "nodes[0].status must be one of": lambda g: g["nodes"][0].update(status="lost"),
    "nodes[0].inputs[0].type must be one of": lambda g: g["nodes"][0]["inputs"][0].update(type="text"),
    "nodes[0].inputs[0].required must be": lambda g: g["nodes"][0]["inputs"][0].update(required="yes"),
    "edges[0] must be an object whose source": lambda g: g["edges"].__setitem__(0, ["collect", "write"]),
    "edges[0].priority must be an integer": lambda g: g["edges"][0].update(priority="high"),
    "more than one node is named 'collect'": lambda g: g["nodes"][1].update(name="collect"),
    "an edge has the target 'publish', which is no node": lambda g: g["edges"][0].update(target="publish"),
    "the output 'points' is made by nodes 'collect' and 'write'": lambda g: g["nodes"][1]["outputs"].append(
        parameter("points")
    ),
    "'goal' is a workflow input and an output of node 'write'": lambda g: g["nodes"][1]["outputs"].append(
        parameter("goal")
    ),
    "node 'write' has 'points' both as input and as output": lambda g: g["nodes"][1]["outputs"].append(
        parameter("points")
    ),
    "node 'collect' has the input 'goal' twice": lambda g: g["nodes"][0]["inputs"].append(parameter("goal")),
    "the workflow has the output 'report' twice": lambda g: g["workflow_outputs"].append(parameter("report")),
    "node 'write' needs the input 'facts', which is no workflow input": lambda g: g["nodes"][1]["inputs"].append(
        parameter("facts")
    ),
    "the workflow output 'song' is made by no node": lambda g: g["workflow_outputs"].append(parameter("song")),
    "no node can start": lambda g: g["workflow_inputs"].clear(),
    "node 'write' leads to no workflow output": lambda g: g.update(workflow_outputs=[parameter("points")]),
    "node 'write' has no output": lambda g: g["nodes"][1].update(outputs=[]),
    "these nodes wait for each other in a circle": lambda g: g["nodes"][0]["inputs"].append(parameter("report")),
    "node 'write' has no agent": lambda g: g["nodes"][1].update(agents=[]),
    "node 'write', agents[0].prompt must be a string": lambda g: g["nodes"][1]["agents"][0].pop("prompt"),
    "node 'write', agents[0].tool_names must be": lambda g: g["nodes"][1]["agents"][0].update(tool_names="x"),
    "agent 'write_agent' lacks the input 'points'": lambda g: g["nodes"][1]["agents"][0]["inputs"].pop(),
    "agent 'write_agent' has the output 'song', which": lambda g: g["nodes"][1]["agents"][0]["outputs"].append(
        parameter("song")
    ),
    "the type of input 'goal' must be the node's, 'string'": lambda g: g["nodes"][1]["agents"][0]["inputs"][0].update(
        type="array"
    ),
    "the required of output 'report' must be the node's, True": lambda g: g["nodes"][1]["agents"][0]["outputs"][
        0
    ].update(required=False),
    "the prompt does not use the input 'goal'": lambda g: g["nodes"][0]["agents"][0].update(prompt="Do it."),
    "the prompt has a single brace": lambda g: g["nodes"][0]["agents"][0].update(prompt="{goal} }"),
    "the prompt names {goal.name}, which is no input": lambda g: g["nodes"][0]["agents"][0].update(
        prompt="{goal} {goal.name}"
    ),
}


@pytest.mark.parametrize("sentence", BREAKS)
def test_each_broken_rule_is_a_sentence(graph, sentence):
    BREAKS[sentence](graph)
    assert any(sentence in problem for problem in validate(graph)), validate(graph)


@pytest.mark.parametrize("value", [None, 1, "graph", [], {}, {"nodes": {}}, {"nodes": [None], "edges": [None]}])
def test_any_json_value_gets_an_answer(value):
    assert validate(value)


def test_a_broken_piece_anywhere_is_a_sentence_and_no_crash(graph):
    """Each value of the graph in turn becomes each kind of JSON value."""
    for path in _paths(graph):
        for value in (None, True, 7, "x" * 5000, [], [[]], {}, {"name": []}):
            broken = copy.deepcopy(graph)
            place = broken
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = value
            assert all(len(problem) < 1000 for problem in validate(broken))


def _paths(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from _paths(part, (*path, key))


def _chain(length):
    return [sub_task(f"n{i}", [f"v{i}"], [f"v{i + 1}"]) for i in range(length)]


def _unchecked(nodes):
    """A graph as somebody might post it."""
    nodes = [{**node, "agents": [agent(node)]} for node in nodes]
    return {
        "goal": "Report",
        "nodes": nodes,
        "edges": [],
        "workflow_inputs": wiring.open_inputs(nodes),
        "workflow_outputs": wiring.results(nodes),
    }


HOSTILE = {
    "a chain": _chain(10_000),
    "a circle": [*_chain(10_000)[1:], sub_task("n0", ["v10000"], ["v1"])],
    "all alike": [sub_task("n", ["v"], ["v"])] * 10_000,
    "a star": [sub_task("hub", ["goal"], ["x"]), *(sub_task(f"n{i}", ["x"], [f"y{i}"]) for i in range(10_000))],
    "a fan in": [sub_task("hub", [f"y{i}" for i in range(10_000)], ["x"])]
    + [sub_task(f"n{i}", ["goal"], [f"y{i}"]) for i in range(10_000)],
}


@pytest.mark.parametrize("nodes", HOSTILE.values(), ids=HOSTILE)
def test_ten_thousand_nodes_take_neither_the_stack_nor_the_server(nodes):
    # Linear takes well under a second; quadratic takes minutes, which nobody overlooks.
    graph = _unchecked(nodes)
    assert len(validate(graph)) <= 21
