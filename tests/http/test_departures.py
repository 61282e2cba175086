"""Callers who leave: which of them cancel their task."""

import json

import pytest
import requests

from tests.http.asking import connect, generation, post_head, task_of, unique_goal, wait_for_event, wait_for_status
from tests.streaming.sse import Connection
from workflows.events import Kind
from workflows.models import Event, Status


def leave_while_it_runs(url: str, goal: str, path: str, model: str, *headers: str) -> str:
    """Make a blocking call and go away once the model was asked. Returns the task's id."""
    body = json.dumps(generation(goal, model=model)).encode()
    with connect(url) as connection:
        connection.sendall(post_head(path, f"Content-Length: {len(body)}", *headers) + body)
        task = task_of(goal)
        wait_for_event(task.pk, Kind.MODEL_STARTED)
    return str(task.pk)


def test_leaving_a_blocking_call_cancels_its_task(url: str) -> None:
    task = leave_while_it_runs(url, unique_goal("Leave"), "/workflow/generate", "demo-hang")
    assert wait_for_status(task, Status.CANCELLED)
    assert Event.objects.get(task_id=task, kind=Kind.TASK_CANCELLED).data["reason"] == "its caller went away"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/workflow/generate?keep=true", []),
        ("/workflow/generate?keep=1", []),
        ("/workflow/generate", ["Idempotency-Key: leaving"]),
    ],
)
def test_leaving_a_blocking_call_that_may_be_taken_up_again_cancels_nothing(
    url: str, path: str, headers: list[str]
) -> None:
    task = leave_while_it_runs(url, unique_goal("Leave and keep"), path, "demo-slow-0.3s", *headers)
    assert wait_for_status(task, Status.COMPLETED, Status.CANCELLED).status == Status.COMPLETED


@pytest.mark.parametrize("stream", ["/stream/{}", "/api/v1/tasks/{}/events/stream"])
def test_leaving_a_stream_cancels_nothing(url: str, stream: str) -> None:
    body = generation(model="demo-slow-0.3s")
    task = requests.post(f"{url}/stream/workflow/generate", json=body).json()["task_id"]
    with Connection(url + stream.format(task)) as connection:
        connection.read_until(b"id: 2\n")
    assert wait_for_status(task, Status.COMPLETED, Status.CANCELLED).status == Status.COMPLETED


def test_leaving_a_sessions_stream_cancels_nothing(url: str) -> None:
    client = requests.post(f"{url}/connect").json()
    body = generation(model="demo-slow-0.3s")
    with Connection(url + client["stream_url"]) as connection:
        task = requests.post(f"{url}/client/{client['client_id']}/workflow/generate", json=body).json()["task_id"]
        connection.read_until(b"event: task_processing\n")
    assert wait_for_status(task, Status.COMPLETED, Status.CANCELLED).status == Status.COMPLETED
