"""The workflows API beyond its transcripts: planning, pausing, retrying, versions, graphs, and who leaves a stream."""

import json
from typing import Any

import pytest
import requests

from tests.engine.graphs import diamond
from tests.http.asking import bearer, unique_goal, wait_for_event, wait_for_status
from tests.stack import Stack, wait_for
from tests.streaming.sse import Connection, read_stream
from workflows.events import Kind
from workflows.models import Status, Task

KEYS = {"event_type", "workflow_id", "task_id", "task_name", "progress_percent", "message", "data", "timestamp"}
TWO = [{"name": "plan"}, {"name": "write", "depends_on": ["plan"]}]


@pytest.fixture(scope="module")
def api(url: str) -> str:
    return f"{url}/api/v1/workflows"


def make(api: str, **body: Any) -> str:
    response = requests.post(f"{api}/", json={"name": unique_goal("Research"), **body}, timeout=60)
    assert response.status_code == 201, response.text
    return f"{api}/{response.json()['id']}"


def execute(workflow: str, model: str = "demo", **body: Any) -> Task:
    response = requests.post(f"{workflow}/execute", json={"llm_config": {"model": model}, **body}, timeout=60)
    assert response.status_code == 200, response.text
    assert response.json()["status"] == "running"
    return Task.objects.get(pk=response.headers["X-Task-Id"])


def test_without_tasks_it_is_planned_from_its_name_and_can_be_kept(api: str) -> None:
    workflow = make(api, name="Translate the manual", tasks=[])
    assert requests.get(f"{workflow}/graph").status_code == 409
    execute(workflow)
    frames = read_stream(f"{workflow}/stream")[1:]
    assert all(frame.data.keys() == KEYS for frame in frames)
    assert frames[0].event == "workflow_started"
    assert "Planning the workflow" in [frame.data["message"] for frame in frames]
    percents = [frame.data["progress_percent"] for frame in frames]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    tasks = requests.get(workflow).json()["tasks"]
    assert len(tasks) == 2
    assert {task["status"] for task in tasks} == {"completed"}
    assert {task["id"] for task in tasks} == {
        frame.data["task_id"] for frame in frames if frame.event == "task_started"
    }
    graph = requests.get(f"{workflow}/graph").json()
    kept = requests.put(workflow, json={"workflow_graph": graph}).json()
    assert (kept["version"], kept["status"], kept["name"]) == (2, "pending", "Translate the manual")
    assert json.dumps(requests.get(f"{workflow}/graph").json()) == json.dumps(graph)


def test_a_posted_graph_runs_and_is_drawn(api: str) -> None:
    graph = diamond()
    workflow = make(api, workflow_graph=graph)
    inputs = {parameter["name"]: "value" for parameter in graph["workflow_inputs"] if parameter["name"] != "goal"}
    task = execute(workflow, inputs=inputs)
    wait_for_status(task.pk, Status.COMPLETED)
    results = requests.get(workflow).json()["results"]
    assert set(results) == {node["name"] for node in graph["nodes"]}
    drawn = requests.post(f"{api}/mermaid", json={"workflow_graph": graph}).text
    assert drawn.count("-->") == len(graph["edges"])
    assert "class n1" in requests.get(f"{workflow}/mermaid").text


def test_pause_resume_cancel_and_what_cannot_be(api: str) -> None:
    workflow = make(api, tasks=TWO)
    assert requests.post(f"{workflow}/pause").status_code == 409
    task = execute(workflow, model="demo-slow-2s")
    again = requests.post(f"{workflow}/execute")
    assert again.status_code == 409
    wait_for_event(task.pk, Kind.NODE_STARTED)
    assert requests.post(f"{workflow}/pause").status_code == 200
    wait_for_status(task.pk, Status.PAUSED)
    assert requests.get(workflow).json()["status"] == "paused"
    assert requests.post(f"{workflow}/pause").status_code == 409
    assert requests.post(f"{workflow}/resume").json()["status"] == "running"
    cancelled = requests.post(f"{workflow}/cancel").json()
    assert cancelled["status"] == "cancelled"
    assert {task["status"] for task in cancelled["tasks"]} <= {"completed", "pending", "cancelled"}
    frames = read_stream(f"{workflow}/stream")
    names = [frame.event for frame in frames]
    assert names.index("workflow_paused") < names.index("workflow_resumed")
    assert (names[-1], frames[-1].data["data"]["cancelled"]) == ("workflow_failed", True)
    percents = [frame.data["progress_percent"] for frame in frames[1:]]
    assert percents == sorted(percents)
    assert requests.post(f"{workflow}/resume").status_code == 409


def test_a_retry_takes_over_what_is_done(api: str) -> None:
    workflow = make(api, tasks=TWO)
    first = execute(workflow)
    wait_for_status(first.pk, Status.COMPLETED)
    nothing = requests.post(f"{workflow}/retry")
    assert nothing.status_code == 409
    assert "nothing to retry" in nothing.json()["detail"]
    unknown = requests.post(f"{workflow}/retry", json={"nodes": ["plan", "fly"]})
    assert unknown.status_code == 422
    assert unknown.json()["detail"][0]["loc"] == ["body", "nodes", 1]
    retried = requests.post(f"{workflow}/retry?stream=true", json={"nodes": ["write"]})
    assert retried.json()["metadata"]["stream_url"].endswith("/stream")
    wait_for_status(retried.headers["X-Task-Id"], Status.COMPLETED)
    frames = read_stream(f"{workflow}/stream")[1:]
    assert frames[0].id == "2-1"
    assert frames[0].data["data"] == {"run": 2, "rerun_of": str(first.pk)}
    assert [frame.data["task_name"] for frame in frames if frame.event == "task_started"] == ["write"]
    done = {frame.data["task_name"]: frame.data["data"] for frame in frames if frame.event == "task_completed"}
    assert done["plan"]["taken_over"] is True
    assert "taken_over" not in done["write"]
    assert [run["run"] for run in requests.get(f"{workflow}/runs").json()["results"]] == [2, 1]


def test_an_edit_is_a_version_and_a_run_points_to_the_one_it_ran(api: str) -> None:
    workflow = make(api, tasks=TWO)
    first = execute(workflow)
    wait_for_status(first.pk, Status.COMPLETED)
    edited = requests.patch(workflow, json={"tasks": [{"name": "only"}], "config": {"depth": 2}}).json()
    assert (edited["version"], edited["status"]) == (2, "pending")
    assert edited["config"] == {"breadth": 3, "depth": 2}
    assert [task["name"] for task in edited["tasks"]] == ["only"]
    execute(workflow)
    runs = requests.get(f"{workflow}/runs").json()["results"]
    assert [run["version"] for run in runs] == [2, 1]
    old = requests.get(f"{workflow}/versions/1").json()
    assert [task["name"] for task in old["tasks"]] == ["plan", "write"]
    assert requests.get(f"{workflow}/versions/3").status_code == 404


def test_the_list_of_events_is_the_stream(api: str) -> None:
    workflow = make(api, tasks=TWO)
    assert requests.get(f"{workflow}/events").json() == {"events": [], "last_event_id": "0-0", "has_next": False}
    wait_for_status(execute(workflow).pk, Status.COMPLETED)
    frames = read_stream(f"{workflow}/stream")[1:]
    events: list[dict[str, Any]] = []
    after = ""
    while True:
        page = requests.get(f"{workflow}/events", params={"limit": 3, **({"after": after} if after else {})}).json()
        events += page["events"]
        after = page["last_event_id"]
        if not page["has_next"]:
            break
    assert events == [{"id": frame.id, **frame.data} for frame in frames]
    wait_for_status(execute(workflow).pk, Status.COMPLETED)
    of_the_latest = requests.get(f"{workflow}/events").json()["events"]
    assert {event["id"][:2] for event in of_the_latest} == {"2-"}
    of_all = requests.get(f"{workflow}/events?after=0&limit=1000").json()["events"]
    assert of_all == events + of_the_latest
    assert requests.get(f"{workflow}/events?after=soon").status_code == 422


def test_a_stream_waits_for_the_first_run_and_says_who_left(stack: Stack, api: str) -> None:
    workflow = make(api, tasks=TWO)
    id = workflow.rpartition("/")[2]
    with Connection(f"{workflow}/stream/") as waiting, Connection(f"{workflow}/stream") as leaving:
        leaving.read_until(b"connected")
        waiting.read_until(b"connected")
        leaving.__exit__(None, None, None)
        said = f"Client disconnected from workflow {id}"
        wait_for(lambda: said in stack.log_of("web"), "the log says who left")
        execute(workflow)
        assert b"event: workflow_completed" in waiting.read_to_end()
    assert stack.log_of("web").count(said) == 1, "who stays to the end has not left"


def test_another_groups_workflow_is_not_there(api: str, stranger_token: str) -> None:
    workflow = make(api, tasks=TWO)
    for path in ("", "/stream", "/events", "/graph"):
        answer = requests.get(workflow + path, headers=bearer(stranger_token))
        assert (answer.status_code, answer.json()) == (404, {"detail": "Workflow not found"})
    listed = requests.get(api, headers=bearer(stranger_token)).json()["results"]
    assert workflow.rpartition("/")[2] not in {each["id"] for each in listed}


def test_deleting_cancels_the_run(api: str) -> None:
    workflow = make(api, tasks=TWO)
    task = execute(workflow, model="demo-hang")
    assert requests.delete(workflow).status_code == 204
    wait_for_status(task.pk, Status.CANCELLED)
    assert requests.post(f"{workflow}/execute").status_code == 404


BAD = {
    "too many tasks": (
        {"name": "x", "tasks": [{"name": f"t{i}"} for i in range(10_000)]},
        ["body", "tasks"],
        "at most 1000",
    ),
    "too many nodes": (
        {"workflow_graph": {**diamond(), "nodes": [{}] * 10_000}},
        ["body", "workflow_graph", "nodes"],
        "1,000 is the most",
    ),
    "both": ({"name": "x", "tasks": TWO, "workflow_graph": diamond()}, ["body", "tasks"], "either"),
    "no object": ({"name": "x", "tasks": ["plan"]}, ["body", "tasks", 0], "JSON object"),
    "no list": ({"name": "x", "tasks": {}}, ["body", "tasks"], "list of tasks"),
    "itself": (
        {"name": "x", "tasks": [{"name": "a", "depends_on": ["a"]}]},
        ["body", "tasks", 0, "depends_on"],
        "itself",
    ),
    "retries": (
        {"name": "x", "tasks": [{"name": "a", "retries": True}]},
        ["body", "tasks", 0, "retries"],
        "whole number",
    ),
    "timeout": (
        {"name": "x", "tasks": [{"name": "a", "timeout_seconds": 3601}]},
        ["body", "tasks", 0, "timeout_seconds"],
        "at most 3600",
    ),
    "depth": ({"name": "x", "config": {"depth": "5"}}, ["body", "config", "depth"], "whole number"),
    "breadth": ({"name": "x", "config": {"breadth": -1}}, ["body", "config", "breadth"], "greater than or equal to 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_says_where_and_what_would_be_right(api: str, name: str) -> None:
    body, loc, said = BAD[name]
    response = requests.post(f"{api}/", json=body, timeout=60)
    assert response.status_code == 422
    [problem] = [problem for problem in response.json()["detail"] if problem["loc"] == loc]
    assert said in problem["msg"]


def test_two_makers_of_one_output_are_named(api: str) -> None:
    graph = diamond()
    graph["nodes"][1]["outputs"] = graph["nodes"][2]["outputs"]
    response = requests.post(f"{api}/", json={"workflow_graph": graph})
    assert response.status_code == 422
    makers = [graph["nodes"][1]["name"], graph["nodes"][2]["name"]]
    assert any(all(f"'{maker}'" in problem["msg"] for maker in makers) for problem in response.json()["detail"])
