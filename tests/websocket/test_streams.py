"""Streams over `/ws/`: the frames that HTTP has, from any id on, several at once."""

import itertools
import json
from typing import Any

import pytest
import requests

from sessions.callers import Caller
from tests.factories import make_agent, make_running, make_worker, make_workflow, run_and_cancel, talk_and_cancel, tell
from tests.http.asking import generation, unique_goal
from tests.stack import Stack
from tests.streaming.sse import read_stream
from tests.websocket.client import Client
from workflows import services
from workflows.models import StreamKey
from workflows.services import Write


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def server(request: pytest.FixtureRequest, stack: Stack) -> str:
    """Both servers that the application runs on."""
    return stack.url if request.param == "uvicorn" else stack.start_daphne()[1]


@pytest.fixture(scope="module")
def task_id(url: str) -> str:
    """A task that has ended."""
    started = requests.post(f"{url}/stream/workflow/generate", json=generation(unique_goal("Sort"))).json()
    read_stream(f"{url}{started['stream_url']}")
    return str(started["task_id"])


def lines_of(url: str, path: str) -> list[str]:
    """The frames of a stream as HTTP tells them, each as it stands on the wire."""
    response = requests.get(url + path, headers={"Accept": "application/x-ndjson"}, timeout=30)
    assert response.status_code == 200
    return [line for line in response.text.split("\n") if line]


def written(frames: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(frame, separators=(",", ":")) for frame in frames]


def test_several_streams_at_once_have_the_bytes_that_http_has(server: str, url: str, task_id: str) -> None:
    paths = {
        "dialect": f"/stream/{task_id}",
        "native": f"/api/v1/tasks/{task_id}/events/stream",
        "filtered": f"/stream/{task_id}?types=update",
    }
    with Client(server) as client:
        client.until_type("ready")
        for id, path in paths.items():
            client.send("subscribe", id=id, stream=path)
        client.send("subscribe", id="by id", task_id=task_id)
        for _ in range(4):
            client.until_type("ended")
    for id, path in paths.items():
        assert written(client.frames[id]) == lines_of(url, path)
    assert client.frames["by id"] == client.frames["native"]


def test_every_id_resumes_with_exactly_what_follows_it(server: str, task_id: str) -> None:
    with Client(server) as client:
        client.send("subscribe", id="whole", task_id=task_id)
        client.until_type("ended", "whole")
        whole = client.frames["whole"]
        for last in range(len(whole)):
            client.send("subscribe", id=str(last), task_id=task_id, last_event_id=last if last % 2 else str(last))
        for _ in whole:
            client.until_type("ended")
        for last in range(len(whole)):
            assert client.frames[str(last)] == whole[last:]


def test_where_nothing_follows_a_subscription_ends_at_once(server: str, task_id: str) -> None:
    with Client(server) as client:
        for id, place in (("a", len(lines_of(server, f"/api/v1/tasks/{task_id}/events/stream"))), ("b", "latest")):
            assert client.ask("subscribe", id=id, task_id=task_id, last_event_id=place)["type"] == "subscribed"
            assert client.receive() == {"type": "ended", "id": id}


@pytest.mark.parametrize("nonsense", ["-1", 999999, "é", ["1"], "1" * 400])
def test_an_id_that_cannot_be_served_gets_a_reset_and_then_everything(url: str, task_id: str, nonsense: Any) -> None:
    with Client(url) as client:
        client.send("subscribe", id="a", task_id=task_id, last_event_id=nonsense)
        client.until_type("ended")
        reset, *rest = client.frames["a"]
        assert (reset["event"], "id" in reset) == ("reset", False)
        assert written(rest) == lines_of(url, f"/api/v1/tasks/{task_id}/events/stream")


def test_a_sessions_and_a_threads_stream(url: str, caller: Caller) -> None:
    session = services.open_session(caller)
    services.close_session(session)
    workflow, agent = make_workflow(caller), make_agent(caller)
    run_and_cancel(caller, workflow)
    turn = talk_and_cancel(caller, agent)
    paths = {
        "session": f"/stream/client/{session.pk}",
        "workflow": f"/api/v1/workflows/{workflow.pk}/stream",
        "conversation": f"/api/v1/agents/{agent.pk}/tasks/{turn.thread_id}/events/stream",
    }
    with Client(url) as client:
        for id, path in paths.items():
            client.send("subscribe", id=id, stream=path)
        for _ in paths:
            client.until_type("ended")
    for id in ("session", "workflow"):
        assert client.frames[id][-1]["id"] == json.loads(lines_of(url, paths[id])[-1])["id"]
    assert StreamKey("thread", turn.thread_id).read(str(client.ids("conversation")[-1]))


def test_live_frames_come_to_all_who_follow_and_none_to_who_left(server: str, caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    numbers = itertools.count(1)
    with Client(server) as client, Client(server) as other:
        for id in ("stays", "leaves"):
            assert client.ask("subscribe", id=id, task_id=str(task.pk))["type"] == "subscribed"
        other.ask("subscribe", id="stays", task_id=str(task.pk))
        tell(claim, next(numbers))
        while 3 not in client.ids("leaves"):
            client.receive()
        assert client.ask("unsubscribe", id="leaves") == {"type": "unsubscribed", "id": "leaves"}
        tell(claim, next(numbers))
        services.complete(task, {"workflow_graph": {}}, Write(claim, next(numbers)))
        client.until_type("ended", "stays")
        other.until_type("ended", "stays")
        assert client.ids("stays") == other.ids("stays") == [1, 2, 3, 4, 5]
        assert client.ids("leaves") == [1, 2, 3]
        assert client.ask("subscribe", id="leaves", task_id=str(task.pk), last_event_id=3)["type"] == "subscribed"
        client.until_type("ended", "leaves")
        assert client.ids("leaves") == [1, 2, 3, 4, 5], "an id that was given back may be used again"


def test_a_stream_that_is_closed_before_its_end_says_so(url: str, caller: Caller) -> None:
    """Two readers with one ticket: the newer one stays."""
    task, claim = make_running(caller, make_worker())
    ticket = requests.post(f"{url}/api/v1/tickets", json={"stream": f"/stream/{task.pk}"}).json()
    with Client(url) as client:
        client.send("subscribe", id="older", stream=ticket["stream_url"])
        while 2 not in client.ids("older"):
            client.receive()
        client.send("subscribe", id="newer", stream=ticket["stream_url"], last_event_id=2)
        client.until_type("interrupted", "older")
        services.complete(task, {"workflow_graph": {}}, Write(claim, 1))
        client.until_type("ended", "newer")
        assert (client.ids("older"), client.ids("newer")) == ([1, 2], [3])
