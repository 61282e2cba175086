"""The three patterns of the EvoAgentX server, with the clients that its document uses."""

import json
import threading
from typing import Any

import pytest
import requests
from sseclient import SSEClient

CONFIG = {
    "goal": "Collect customer reviews and sales figures, then write a summary",
    "llm_config": {"model": "gpt-4o-mini", "openai_key": "your_key_here", "max_tokens": 8000},
    "timeout": 60,
}


def test_the_blocking_call_answers_with_the_workflow(url: str) -> None:
    response = requests.post(f"{url}/workflow/generate", json=CONFIG)

    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["success"] is True
    assert answer["goal"] == CONFIG["goal"]
    assert answer["workflow_graph"]["class_name"] == "WorkFlowGraph"
    assert answer["timestamp"].endswith("Z")
    assert "demo" in answer["message"]


def test_a_task_stream_shows_updates_and_then_completes(url: str) -> None:
    started = requests.post(f"{url}/stream/workflow/generate", json=CONFIG).json()
    assert started["status"] == "started"
    assert started["task_type"] == "workflow_generation"

    response = requests.get(f"{url}{started['stream_url']}", stream=True)
    assert response.headers["Content-Type"] == "text/event-stream"
    seen = [(msg.event, json.loads(msg.data)) for msg in SSEClient(response).events()]

    names = [name for name, _ in seen]
    assert set(names) == {"update", "token", "complete"}
    assert names.count("complete") == 1
    assert names[-1] == "complete"
    progress = [data["progress"] for name, data in seen if name == "update"]
    assert progress == sorted(progress)
    assert len(set(progress)) > 3
    for name, data in seen:
        if name == "update":
            assert data.keys() >= {"progress", "current_state", "step", "total_steps", "status", "timestamp"}
            assert data["status"] == "processing"
    assert seen[-1][1]["result"]["workflow_graph"]["nodes"]


def test_one_session_stream_carries_many_tasks(url: str) -> None:
    client = requests.post(f"{url}/connect").json()
    frames: list[dict[str, Any]] = []
    closed = threading.Event()

    def listen() -> None:
        response = requests.get(f"{url}{client['stream_url']}", stream=True)
        for msg in SSEClient(response).events():
            frames.append(json.loads(msg.data))
            if (
                frames[-1]["event_type"] == "task_completed"
                and sum(frame["event_type"] == "task_completed" for frame in frames) == 2
            ):
                requests.delete(f"{url}/client/{client['client_id']}")
        closed.set()

    listener = threading.Thread(target=listen)
    listener.start()
    tasks = {
        requests.post(f"{url}/client/{client['client_id']}/workflow/generate", json={**CONFIG, "goal": goal}).json()[
            "task_id"
        ]
        for goal in ("Translate the manual", "Clean the data and plot it")
    }
    listener.join(30)

    assert closed.is_set(), "the stream ends after session_closed"
    assert {frame["task_id"] for frame in frames if frame["event_type"] == "task_completed"} == tasks
    assert frames[-1]["event_type"] == "session_closed"
    for task in tasks:
        of_task = [frame["event_type"] for frame in frames if frame["task_id"] == task]
        assert of_task[:2] == ["task_started", "task_processing"]
        assert of_task[-1] == "task_completed"
        assert {"task_progress", "task_token"} <= set(of_task)


@pytest.mark.parametrize("path", ["/health", "/clients"])
def test_plain_routes_answer(url: str, path: str) -> None:
    assert requests.get(f"{url}{path}").status_code == 200
