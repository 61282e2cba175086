"""A client's session: many tasks, one stream, one end."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.test import override_settings
from django.utils import timezone

from sessions.callers import Caller
from sessions.models import ClientSession
from tests.http.asking import bearer, generation, wait_for_event, wait_for_status
from tests.streaming.sse import Connection, Message, parse, read_stream
from workflows import services
from workflows.events import Kind
from workflows.models import Status


class Client:
    """A client as such clients are: connects, starts tasks, listens, leaves."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._url = url
        self._headers = headers or {}
        answer = requests.post(f"{url}/connect", headers=self._headers).json()
        self.id: str = answer["client_id"]
        self.stream: str = url + answer["stream_url"]

    def start(self, model: str = "demo") -> str:
        path = f"{self._url}/client/{self.id}/workflow/generate"
        task: str = requests.post(path, json=generation(model=model), headers=self._headers).json()["task_id"]
        return task

    def close(self) -> requests.Response:
        return requests.delete(f"{self._url}/client/{self.id}", headers=self._headers)

    def listed(self) -> dict[str, Any] | None:
        """How `GET /clients` lists it, if it does."""
        answer = requests.get(f"{self._url}/clients", headers=self._headers).json()
        assert answer["total"] >= len(answer["active_clients"])
        return next((client for client in answer["active_clients"] if client["client_id"] == self.id), None)


@pytest.fixture
def client(url: str) -> Client:
    return Client(url)


def ends(messages: list[Message]) -> list[tuple[str, str | None]]:
    names = ("task_completed", "task_error", "task_cancelled", "session_closed", "session_timeout")
    return [(message.event, message.data["task_id"]) for message in messages if message.event in names]


def test_closing_cancels_what_runs_and_then_ends_the_stream(client: Client) -> None:
    done = client.start()
    wait_for_status(done, Status.COMPLETED)
    running = [client.start("demo-slow-5s"), client.start("demo-hang")]
    for task in running:
        wait_for_event(task, Kind.MODEL_STARTED)
    with Connection(client.stream) as live:
        live.read_until(b"task_completed")
        assert client.close().json() == {"status": "disconnected", "client_id": client.id}
        live.read_to_end()

    messages = read_stream(client.stream)
    assert live.ids() == [message.id for message in messages]
    told = ends(messages)
    assert told[0] == ("task_completed", done)
    assert set(told[1:3]) == {("task_cancelled", task) for task in running}
    assert told[3:] == [("session_closed", None)]
    assert messages[-1].event == "session_closed"
    for task in running:
        assert wait_for_status(task, Status.CANCELLED)


def test_a_session_is_resumed_at_every_id(client: Client) -> None:
    tasks = [client.start(), client.start("demo-401"), client.start("demo-hang")]
    wait_for_status(tasks[0], Status.COMPLETED)
    wait_for_status(tasks[1], Status.FAILED)
    wait_for_event(tasks[2], Kind.MODEL_STARTED)
    client.close()
    everything = read_stream(client.stream)
    last = everything[-1].id
    assert last

    for id in range(last):
        rest = read_stream(client.stream, id)
        assert [message.raw for message in rest] == [m.raw for m in everything if (m.id or 0) > id]
    assert requests.get(client.stream, headers={"Last-Event-ID": str(last)}).status_code == 204
    assert requests.get(client.stream, params={"last_event_id": "latest"}).status_code == 204


def test_nothing_of_a_cancelled_task_comes_after_its_end(client: Client) -> None:
    """The worker learns of it later, and what it still tells is refused."""
    task = client.start("demo-slow-1s")
    wait_for_event(task, Kind.MODEL_TEXT)
    client.close()
    last = [message for message in read_stream(client.stream) if message.data["task_id"] == task][-1]
    assert last.event == "task_cancelled"


def test_closing_twice_is_harmless(client: Client) -> None:
    assert client.close().status_code == client.close().status_code == 200
    assert [message.event for message in read_stream(client.stream)] == ["session_closed"]


def test_many_closes_at_once_close_once(client: Client) -> None:
    client.start("demo-hang")
    threads = [threading.Thread(target=client.close) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [name for name, _ in ends(read_stream(client.stream))] == ["task_cancelled", "session_closed"]


def test_a_closed_session_takes_nothing_more(url: str, client: Client) -> None:
    client.close()
    answer = requests.post(f"{url}/client/{client.id}/workflow/generate", json=generation())
    assert answer.status_code == 409
    assert client.listed() is None


def test_the_list_shows_what_is_active(client: Client) -> None:
    running = [client.start("demo-hang") for _ in range(2)]
    done = client.start()
    wait_for_status(done, Status.COMPLETED)

    listed = client.listed()
    assert listed
    assert listed.keys() == {"client_id", "created_at", "last_activity", "active_tasks"}
    assert listed["active_tasks"] == running
    assert listed["last_activity"] >= listed["created_at"]
    assert listed["created_at"].endswith("Z")
    client.close()
    assert client.listed() is None


def test_the_list_is_the_groups_own(url: str, stranger_token: str, client: Client) -> None:
    foreign = Client(url, bearer(stranger_token))
    own = requests.get(f"{url}/clients").json()["active_clients"]
    theirs = requests.get(f"{url}/clients", headers=bearer(stranger_token)).json()["active_clients"]
    assert client.id in [one["client_id"] for one in own]
    assert foreign.id not in [one["client_id"] for one in own]
    assert foreign.id in [one["client_id"] for one in theirs]
    assert client.id not in [one["client_id"] for one in theirs]


def test_a_session_lives_in_every_web_process(url: str, guarded_url: str, token: str, client: Client) -> None:
    """As it does after a restart: nothing of it is in a process."""
    task = client.start()
    wait_for_status(task, Status.COMPLETED)
    elsewhere = f"{guarded_url}/client/{client.id}"
    with Connection(client.stream) as live:
        live.read_until(b"task_completed")
        other = requests.post(f"{elsewhere}/workflow/generate", json=generation(), headers=bearer(token)).json()[
            "task_id"
        ]
        wait_for_status(other, Status.COMPLETED)
        assert requests.delete(elsewhere, headers=bearer(token)).status_code == 200
        live.read_to_end()

    here = requests.get(client.stream).content
    there = requests.get(f"{guarded_url}/stream/client/{client.id}", headers=bearer(token)).content
    assert here == there
    assert live.ids() == [message.id for message in read_stream(client.stream)]
    assert ends(read_stream(client.stream)) == [
        ("task_completed", task),
        ("task_completed", other),
        ("session_closed", None),
    ]


@pytest.mark.parametrize("id", ["nonsense", "-1", "99999"])
def test_a_place_that_is_not_there_gets_a_reset(client: Client, id: str) -> None:
    task = client.start("demo-hang")
    wait_for_event(task, Kind.MODEL_STARTED)
    with Connection(f"{client.stream}?last_event_id={id}") as stream:
        stream.read_until(b"event: task_progress")
        client.close()
        stream.read_to_end()
    messages = list(parse(stream.body.decode()))
    reset = messages[0]
    assert reset.event == "reset"
    assert reset.id is None
    assert reset.data["event_type"] == "reset"
    assert [running["task_id"] for running in reset.data["active_tasks"]] == [task]
    assert messages[-1].event == "session_closed"


def idle(session: ClientSession, seconds: float) -> None:
    ClientSession.objects.filter(pk=session.pk).update(last_activity=timezone.now() - timedelta(seconds=seconds))


def test_an_idle_session_expires_and_says_so(url: str, caller: Caller) -> None:
    session = services.open_session(caller)
    idle(session, 1000)
    with override_settings(SESSION_IDLE_SECONDS=900):
        assert services.expire_idle_sessions() >= 1

    session.refresh_from_db()
    assert session.status == ClientSession.Status.EXPIRED
    (message,) = read_stream(f"{url}/stream/client/{session.pk}")
    assert message.event == message.data["event_type"] == "session_timeout"
    assert message.data["client_id"] == str(session.pk)
    answer = requests.post(f"{url}/client/{session.pk}/workflow/generate", json=generation())
    assert answer.status_code == 409
    assert requests.delete(f"{url}/client/{session.pk}").status_code == 200


def test_a_session_that_was_used_lately_does_not_expire(caller: Caller) -> None:
    session = services.open_session(caller)
    idle(session, 800)
    with override_settings(SESSION_IDLE_SECONDS=900):
        services.expire_idle_sessions()
    session.refresh_from_db()
    assert session.status == ClientSession.Status.OPEN


def test_a_session_in_which_something_runs_does_not_expire(client: Client) -> None:
    wait_for_event(client.start("demo-hang"), Kind.MODEL_STARTED)
    session = ClientSession.objects.get(pk=client.id)
    idle(session, 1000)
    with override_settings(SESSION_IDLE_SECONDS=900):
        services.expire_idle_sessions()
    session.refresh_from_db()
    assert session.status == ClientSession.Status.OPEN
    client.close()


def test_a_close_that_was_cut_short_is_finished(client: Client) -> None:
    task = client.start("demo-hang")
    wait_for_event(task, Kind.MODEL_STARTED)
    session = ClientSession.objects.get(pk=client.id)
    ClientSession.objects.filter(pk=session.pk).update(status=ClientSession.Status.CLOSING)
    idle(session, 60)
    services.expire_idle_sessions()
    assert ends(read_stream(client.stream)) == [("task_cancelled", task), ("session_closed", None)]
