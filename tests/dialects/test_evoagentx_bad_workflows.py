"""Workflows and inputs that cannot be executed: a 4xx that names the node and says what to change."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sessions.callers import Caller
from tests.dialects.test_evoagentx_bad_input import assert_refused, post
from tests.engine.graphs import graph_of
from tests.engine.scripted import parameter, sub_task
from tests.factories import make_cancelled, make_running, make_worker
from tests.http.asking import wait_for_status
from workflows.models import Job, Status, Task

PATHS = ["/workflow/execute", "/stream/workflow/execute"]
Graph = dict[str, Any]
Break = Callable[[Graph], object]


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(url: str) -> Iterator[None]:
    before = Task.objects.filter(job__in=(Job.EXECUTE, Job.RUN)).count()
    yield
    assert Task.objects.filter(job__in=(Job.EXECUTE, Job.RUN)).count() == before


def graph(*breaks: Break) -> Graph:
    made = graph_of(
        sub_task("collect", ["goal", parameter("count", "integer")], ["points"]),
        sub_task("write", ["points"], ["report"]),
    )
    for spoil in breaks:
        spoil(made)
    return made


def node(made: Graph, index: int) -> Any:
    return made["nodes"][index]


def circle(made: Graph) -> None:
    made["edges"].append({"source": "write", "target": "collect"})


def two_producers(made: Graph) -> None:
    twin = copy.deepcopy(node(made, 0))
    made["nodes"].append({**twin, "name": "twin"})


def same_name(made: Graph) -> None:
    made["nodes"].append(copy.deepcopy(node(made, 0)))


def ten_thousand(made: Graph) -> None:
    made["nodes"] = [{"name": f"n{i}", "inputs": [], "outputs": []} for i in range(10_000)]


HERE = ("body", "workflow_graph")


@pytest.mark.parametrize(
    ("spoil", "loc", "says"),
    [
        (circle, HERE, "wait for each other in a circle: write, collect"),
        (
            lambda made: made["edges"].append({"source": "collect", "target": "nobody"}),
            HERE,
            "the target 'nobody', which is no node",
        ),
        (two_producers, HERE, "the output 'points' is made by nodes 'collect' and 'twin'"),
        (same_name, HERE, "more than one node is named 'collect'"),
        (ten_thousand, (*HERE, "nodes"), "has 10,000 nodes, and 1,000 is the most"),
        (lambda made: made.update(nodes=[]), (*HERE, "nodes"), "at least one node"),
        (lambda made: made.update(nodes=5), (*HERE, "nodes"), "must be a list"),
        (lambda made: node(made, 1).update(name="a b"), (*HERE, "nodes", 1, "name"), "not 'a b'"),
        (
            lambda made: node(made, 1)["outputs"][0].update(type="text"),
            (*HERE, "nodes", 1, "outputs", 0, "type"),
            "must be one of string",
        ),
        (lambda made: node(made, 1).update(agents=[]), (*HERE, "nodes", 1), "node 'write' has no agent"),
        (
            lambda made: node(made, 1)["agents"][0].update(prompt="Write."),
            (*HERE, "nodes", 1),
            "node 'write', agent 'write_agent'",
        ),
        (lambda made: node(made, 1)["agents"][0].update(prompt=None), (*HERE, "nodes", 1), "prompt must be a string"),
        (
            lambda made: node(made, 0)["agents"][0].update(tool_names=["browser"]),
            (*HERE, "nodes", 0, "agents", 0, "tool_names"),
            "needs the tool browser",
        ),
        (
            lambda made: node(made, 0).update(execution={"retries": 99}),
            (*HERE, "nodes", 0, "execution", "retries"),
            "from 0 to 10",
        ),
        (lambda made: made.update(goal=" "), (*HERE, "goal"), "may not be blank"),
        (lambda made: made.update(goal="x" * 10_001), (*HERE, "goal"), "10,000 is the most"),
        (lambda made: made.update(goal=None), (*HERE, "goal"), "must be a string"),
    ],
)
def test_a_bad_graph(url: str, spoil: Break, loc: tuple[str | int, ...], says: str) -> None:
    asked = {"workflow_graph": graph(spoil), "inputs": {"count": 3}}
    assert says in assert_refused(post(url, asked, PATHS[1]), *loc)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", [[], "graph", 5, True], ids=repr)
def test_a_graph_that_is_none(url: str, path: str, given: Any) -> None:
    assert "JSON object" in assert_refused(post(url, {"workflow_graph": given}, path), *HERE)


def test_neither_a_graph_nor_a_task(url: str) -> None:
    for asked in ({}, {"workflow_graph": None, "task_id": None}):
        assert "task_id" in assert_refused(post(url, asked, PATHS[0]), *HERE)


def test_both_a_graph_and_a_task(url: str) -> None:
    asked = {"workflow_graph": graph(), "task_id": "00000000-0000-4000-8000-000000000000"}
    assert "not both" in assert_refused(post(url, asked, PATHS[0]), "body", "task_id")


@pytest.mark.parametrize(
    ("inputs", "name", "says"),
    [
        ({}, "count", "needs the input 'count', an integer: The count."),
        (None, "count", "needs the input 'count'"),
        ({"count": None}, "count", "needs the input 'count'"),
        ({"count": "three"}, "count", "must be an integer"),
        ({"count": 2.5}, "count", "must be an integer"),
        ({"count": [3]}, "count", "must be an integer"),
        ({"count": 3, "goal": {"a": 1}}, "goal", "must be a string"),
    ],
)
def test_bad_inputs(url: str, inputs: Any, name: str, says: str) -> None:
    response = post(url, {"workflow_graph": graph(), "inputs": inputs}, PATHS[0])
    assert says in assert_refused(response, "body", "inputs", name)


@pytest.mark.parametrize("path", [*PATHS, "/workflow/run"])
@pytest.mark.parametrize("inputs", [[], "all", 5, False], ids=repr)
def test_inputs_that_are_no_object(url: str, path: str, inputs: Any) -> None:
    asked = {"goal": "Count"} if path.endswith("run") else {"workflow_graph": graph()}
    assert "JSON object" in assert_refused(post(url, {**asked, "inputs": inputs}, path), "body", "inputs")


def test_a_run_needs_a_goal(url: str) -> None:
    assert_refused(post(url, {"goal": " "}, "/workflow/run"), "body", "goal")
    assert_refused(post(url, {}, "/stream/workflow/run"), "body", "goal")


@pytest.mark.parametrize("id", ["00000000-0000-4000-8000-000000000000", "nonsense"])
def test_a_task_that_is_not_there(url: str, id: str) -> None:
    response = post(url, {"task_id": id}, PATHS[1])
    assert response.status_code == 404
    assert id in response.json()["detail"]


def test_another_groups_task_is_not_there(url: str, stranger: Caller) -> None:
    task = make_cancelled(stranger)
    assert post(url, {"task_id": str(task.pk)}, PATHS[1]).status_code == 404


def test_a_task_without_a_workflow(url: str, caller: Caller) -> None:
    running, _ = make_running(caller, make_worker())
    cancelled = make_cancelled(caller)
    for task, says in ((running, "it is running. Wait until"), (cancelled, "it is cancelled. Generate it again")):
        response = post(url, {"task_id": str(task.pk)}, PATHS[1])
        assert response.status_code == 409
        assert says in response.json()["detail"]


def test_an_execution_generates_no_workflow(url: str) -> None:
    first = requests.post(f"{url}{PATHS[1]}", json={"workflow_graph": graph(), "inputs": {"count": 3}}).json()
    task = wait_for_status(first["task_id"], Status.COMPLETED)
    response = post(url, {"task_id": first["task_id"]}, PATHS[1])
    assert response.status_code == 409
    assert "generates no workflow" in response.json()["detail"]
    task.events.all().delete()
    Task.objects.filter(pk=task.pk).delete()
