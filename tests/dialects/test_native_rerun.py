"""Running an execution again from chosen nodes, and with other inputs."""

from typing import Any

import pytest
import requests

from tests.engine.graphs import graph_of
from tests.engine.scripted import sub_task
from tests.http.asking import generation, wait_for_status
from workflows.models import Status, Task

INPUTS = {"topic": "tides", "audience": "sailors"}


@pytest.fixture(scope="module")
def api(url: str) -> str:
    return f"{url}/api/v1/tasks"


@pytest.fixture(scope="module")
def executed(url: str) -> Task:
    """What was found out about a topic and about an audience, put together in a report."""
    graph = graph_of(
        sub_task("study", ["topic"], ["facts"]),
        sub_task("listen", ["audience"], ["wishes"]),
        sub_task("write", ["facts", "wishes"], ["report"]),
    )
    body = {"workflow_graph": graph, "inputs": INPUTS}
    answer = requests.post(f"{url}/workflow/execute", json=body, timeout=60)
    return Task.objects.get(pk=answer.headers["X-Task-Id"])


def test_only_what_takes_an_edited_input_runs_again_and_what_follows(api: str, executed: Task) -> None:
    answer = requests.post(f"{api}/{executed.pk}/rerun", json={"inputs": {"audience": "divers"}})
    assert answer.status_code == 201, answer.text
    again = wait_for_status(answer.json()["task_id"], Status.COMPLETED)
    assert again.params["inputs"] == {"topic": "tides", "audience": "divers"}
    assert again.model_calls == 2
    assert again.result["results"]["study"] == executed.result["results"]["study"]
    assert again.result["results"]["listen"] != executed.result["results"]["listen"]
    assert again.result["outputs"] != executed.result["outputs"]


def test_chosen_nodes_run_again_beside_those_of_the_inputs(api: str, executed: Task) -> None:
    answer = requests.post(f"{api}/{executed.pk}/rerun", json={"nodes": ["listen"], "inputs": {"topic": "reefs"}})
    assert wait_for_status(answer.json()["task_id"], Status.COMPLETED).model_calls == 3
    answer = requests.post(f"{api}/{executed.pk}/rerun", json={"nodes": ["write"]})
    assert wait_for_status(answer.json()["task_id"], Status.COMPLETED).model_calls == 1


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"nodes": ["nobody"]}, ["body", "nodes", 0]),
        ({"inputs": {"colour": "red"}}, ["body", "inputs", "colour"]),
        ({"inputs": {"topic": ["a", "list"]}}, ["body", "inputs", "topic"]),
        ({"inputs": {"topic": None}}, ["body", "inputs", "topic"]),
    ],
)
def test_what_the_workflow_does_not_have_is_refused(
    api: str, executed: Task, body: dict[str, Any], loc: list[str | int]
) -> None:
    before = Task.objects.count()
    answer = requests.post(f"{api}/{executed.pk}/rerun", json=body)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, loc)
    assert Task.objects.count() == before


def test_a_generation_has_no_inputs(url: str, api: str) -> None:
    task_id = requests.post(f"{url}/workflow/generate", json=generation(), timeout=60).headers["X-Task-Id"]
    answer = requests.post(f"{api}/{task_id}/rerun", json={"inputs": {"topic": "reefs"}})
    assert answer.status_code == 409
    assert "inputs cannot be changed" in answer.json()["detail"]
