"""Executions and whole runs in the three patterns of the EvoAgentX server."""

import uuid
from collections import defaultdict
from typing import Any

import pytest
import requests

from tests.engine.graphs import diamond, graph_of
from tests.engine.scripted import sub_task
from tests.http.asking import MODEL, wait_for_status
from tests.streaming.sse import Message, parse
from workflows.engine.graphs.graph import validate
from workflows.models import Job, Status, Task

GOAL = "Collect customer reviews, then write a summary"
NODES = {node["name"] for node in diamond()["nodes"]}


def body(graph: dict[str, Any] | None = None, *, model: str = MODEL, **more: Any) -> dict[str, Any]:
    return {"workflow_graph": graph or diamond(), "llm_config": {"model": model}, "timeout": 60, **more}


def frames_of(url: str, path: str) -> list[Message]:
    return list(parse(requests.get(url + path, timeout=60).text))


def test_a_generated_workflow_is_executed_by_the_id_of_its_task(url: str) -> None:
    generated = requests.post(f"{url}/workflow/generate", json={"goal": GOAL}, timeout=60)
    task_id = generated.headers["X-Task-Id"]

    response = requests.post(f"{url}/workflow/execute", json={"task_id": task_id}, timeout=60)

    assert response.status_code == 200, response.text
    answer, graph = response.json(), generated.json()["workflow_graph"]
    assert answer["success"] is True
    assert answer["goal"] == GOAL
    assert answer["outputs"].keys() == {parameter["name"] for parameter in graph["workflow_outputs"]}
    assert answer["results"].keys() == {node["name"] for node in graph["nodes"]}
    assert all(answer["outputs"].values())
    assert "demo" in answer["message"]
    assert "workflow_graph" not in answer, "it is the one that was asked for"
    task = Task.objects.get(pk=response.headers["X-Task-Id"])
    assert (task.job, task.params["workflow_of"]) == (Job.EXECUTE, task_id)


def test_a_whole_run_answers_with_the_workflow_and_its_results(url: str) -> None:
    response = requests.post(f"{url}/workflow/run", json={"goal": GOAL, "inputs": {"goal": GOAL}}, timeout=60)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert validate(answer["workflow_graph"]) == []
    assert answer["outputs"].keys() == {parameter["name"] for parameter in answer["workflow_graph"]["workflow_outputs"]}

    again = requests.post(f"{url}/workflow/execute", json={"task_id": response.headers["X-Task-Id"]}, timeout=60)
    assert again.json()["outputs"].keys() == answer["outputs"].keys()


def test_a_stream_tells_what_each_node_does(url: str) -> None:
    started = requests.post(f"{url}/stream/workflow/execute", json=body(inputs={"goal": "Find the risks"})).json()
    assert started["task_type"] == "workflow_execution"
    seen = frames_of(url, started["stream_url"])

    updates = [frame.data for frame in seen if frame.event == "update"]
    statuses: dict[str, list[str]] = defaultdict(list)
    for update in updates:
        if "node_status" in update:
            statuses[update["node"]].append(update["node_status"])
    assert statuses.keys() == NODES
    for of_node in statuses.values():
        assert of_node[0] == "running"
        assert of_node[-1] == "completed"
    assert {frame.data["node"] for frame in seen if frame.event == "token"} == NODES
    made = {update["node"]: update["outputs"] for update in updates if update.get("node_status") == "completed"}
    for name in ("progress", "step"):
        values = [update[name] for update in updates]
        assert values == sorted(values)
    assert {update["total_steps"] for update in updates} == {0, len(NODES)}
    assert seen[-1].event == "complete"
    assert seen[-1].data["result"]["results"] == made


def test_a_session_carries_executions_and_runs(url: str) -> None:
    client = requests.post(f"{url}/connect").json()
    here = f"{url}/client/{client['client_id']}"
    execution = requests.post(f"{here}/workflow/execute", json=body()).json()
    run = requests.post(f"{here}/workflow/run", json={"goal": GOAL}).json()
    assert execution["client_id"] == run["client_id"] == client["client_id"]
    for task in (execution, run):
        wait_for_status(task["task_id"], Status.COMPLETED)
    requests.delete(here)

    seen = [frame.data for frame in frames_of(url, client["stream_url"])]
    for task, job in ((execution, Job.EXECUTE), (run, Job.RUN)):
        of_task = [frame for frame in seen if frame["task_id"] == task["task_id"]]
        names = [frame["event_type"] for frame in of_task]
        assert names[:2] == ["task_started", "task_processing"]
        assert of_task[0]["task_type"] == job
        assert names[-1] == "task_completed"
        assert of_task[-1]["result"]["outputs"]
        assert any(frame.get("node_status") == "completed" for frame in of_task)
        assert {"task_progress", "task_token"} <= set(names)


def test_a_node_that_fails_is_named_and_what_needs_it_is_skipped(url: str) -> None:
    graph = graph_of(sub_task("collect", ["goal"], ["points"]), sub_task("write", ["points"], ["report"]))
    response = requests.post(f"{url}/workflow/execute", json=body(graph, model="demo-401"), timeout=60)
    assert response.status_code == 502
    answer = response.json()
    assert answer["success"] is False
    assert "Node 'collect' failed" in answer["detail"]

    seen = frames_of(url, f"/stream/{answer['task_id']}")
    said = {frame.data.get("node_status"): frame.data["current_state"] for frame in seen if frame.event == "update"}
    assert said["failed"].startswith("'collect' failed: ")
    assert said["skipped"] == "'write' is skipped, since 'collect' failed"
    assert seen[-1].event == "error"


def test_a_loops_further_rounds_are_told(url: str) -> None:
    optional = {"name": "remarks", "type": "string", "description": "What to change.", "required": False}
    graph = graph_of(sub_task("write", ["goal", optional], ["draft"]), sub_task("review", ["draft"], ["remarks"]))
    started = requests.post(f"{url}/stream/workflow/execute", json=body(graph)).json()
    said = [frame.data.get("current_state") for frame in frames_of(url, started["stream_url"])]
    assert "Running 'write' again, round 2" in said


def test_an_idempotency_key_finds_the_execution_again(url: str) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = requests.post(f"{url}/workflow/execute", json=body(), headers=key, timeout=60)
    second = requests.post(f"{url}/workflow/execute", json=body(), headers=key, timeout=60)
    assert first.headers["X-Task-Id"] == second.headers["X-Task-Id"]
    other = requests.post(f"{url}/workflow/execute", json=body(inputs={"goal": "Else"}), headers=key)
    assert other.status_code == 409


@pytest.mark.parametrize("job", ["execute", "run"])
def test_what_nothing_reads_is_noted(url: str, job: str) -> None:
    asked = body() if job == "execute" else {"goal": GOAL}
    asked = {**asked, "colour": "blue", "inputs": {"goal": GOAL, "size": 3}}
    task_id = requests.post(f"{url}/stream/workflow/{job}", json=asked).json()["task_id"]
    events = requests.get(f"{url}/api/v1/tasks/{task_id}/events?limit=1").json()["events"]
    # Which inputs a workflow takes is known once it is there.
    assert events[0]["data"]["ignored"] == (["colour", "inputs.size"] if job == "execute" else ["colour"])
