"""What one WebSocket may take: of memory, of turns, of streams."""

import asyncio
import json
import signal
from collections.abc import Iterator

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from sessions.callers import Caller
from tests.factories import make_running, make_worker
from tests.http.asking import generation, task_of, unique_goal, wait_for_event, wait_for_status
from tests.stack import Process, Stack, wait_for
from tests.streaming.test_readers import open_files_of, write_text
from tests.websocket.client import Client
from workflows import services
from workflows.events import Kind
from workflows.models import Status
from workflows.services import Write
from workflows.websocket.outbox import MESSAGE_BYTES, Disconnected, Outbox

STREAMS = 20


@pytest.fixture(scope="module")
def web(stack: Stack) -> Iterator[tuple[Process, str]]:
    """A web process that nobody else uses."""
    process, url = stack.start_web("web-of-sockets", STREAMS_PER_CALLER=str(STREAMS))
    yield process, url
    process.stop()


def test_a_client_that_stops_reading_is_cut_off_and_resumes(web: tuple[Process, str], caller: Caller) -> None:
    process, url = web
    running = [make_running(caller, make_worker()) for _ in range(2)]
    with Client(url, receive_buffer=4096) as stalled:
        for task, _ in running:
            stalled.ask("subscribe", id=str(task.pk), task_id=str(task.pk))
        for task, claim in running:
            write_text(task, claim, megabytes=8)
        wait_for(lambda: "A WebSocket took nothing" in process.log.read_text(), "the server cuts it off")
        with pytest.raises(ConnectionClosed):
            stalled.until(lambda message: False)
    for task, claim in running:
        services.complete(task, {"workflow_graph": {}}, Write(claim, 1))
        task.refresh_from_db()
    with Client(url) as again:
        for task, _ in running:
            seen = stalled.ids(str(task.pk))
            assert seen == list(range(1, len(seen) + 1))
            assert len(seen) < task.last_seq
            again.send("subscribe", id=str(task.pk), task_id=str(task.pk), last_event_id=len(seen))
        for _ in running:
            again.until_type("ended")
        for task, _ in running:
            rest = again.ids(str(task.pk))
            assert rest == list(range(len(stalled.ids(str(task.pk))) + 1, task.last_seq + 1))


def test_a_flood_of_messages_waits_until_its_answers_are_read(web: tuple[Process, str]) -> None:
    """The answers are larger than the questions; who reads none of them is not read either, and then cut off."""
    process, url = web
    before = process.log.read_text().count("A WebSocket took nothing")
    flood = json.dumps(["\0"] * 20)
    with Client(url, receive_buffer=4096) as client, pytest.raises(ConnectionClosed):
        client.send_for_ever(flood)
    wait_for(lambda: process.log.read_text().count("A WebSocket took nothing") > before, "the server cuts it off")
    with Client(url) as client:
        assert client.ask("ping", id="a")["type"] == "pong", "others are served"


def test_streams_of_one_websocket_are_limited_for_the_local_user_too(web: tuple[Process, str], caller: Caller) -> None:
    _, url = web
    task = str(make_running(caller, make_worker())[0].pk)
    with Client(url) as client:
        for number in range(3 * STREAMS):
            client.send("subscribe", id=str(number), task_id=task)
        told = [client.until(lambda m: m["type"] in ("subscribed", "error")) for _ in range(3 * STREAMS)]
        assert [message["type"] for message in told].count("subscribed") == STREAMS
        assert {message["status"] for message in told if message["type"] == "error"} == {429}


@pytest.mark.parametrize(("message", "code"), [(b"x" * 3_000_000, 1009), (b"\xff", 1007)])
def test_what_cannot_be_taken_ends_the_connection_with_a_reason(
    web: tuple[Process, str], message: bytes, code: int
) -> None:
    _, url = web
    with Client(url) as client:
        client.send_raw(message, as_text=True)
        assert client.closing()[0] == code


def test_a_silent_connection_hears_a_heartbeat_and_a_dead_one_leaves_nothing(web: tuple[Process, str]) -> None:
    process, url = web
    with Client(url) as client:
        client.until_type("ready")
        before = open_files_of(process)
        for _ in range(20):
            with Client(url) as visitor:
                visitor.until_type("ready")
        wait_for(lambda: open_files_of(process) <= before + 2, "the visitors' connections are closed")
        wait_for(lambda: "evoserver_websockets 1.0\n" in requests.get(f"{url}/metrics").text, "one is left")
        client.until_type("heartbeat")
    assert "Traceback" not in process.log.read_text()


async def test_who_has_much_to_send_does_not_keep_others_waiting() -> None:
    sent: list[str] = []
    is_read = asyncio.Event()

    async def send(event: dict[str, str]) -> None:
        await is_read.wait()
        sent.append(json.loads(event["text"])["id"])

    outbox = Outbox(send)
    chunk = b"".join(b'{"data":"%s"}\n' % (b"x" * MESSAGE_BYTES) for _ in range(10))
    much = asyncio.create_task(outbox.put_frames("much", chunk))
    await asyncio.sleep(0)
    little = asyncio.create_task(outbox.put_frames("little", b'{"data":1}\n{"data":2}\n'))
    await asyncio.sleep(0)
    is_read.set()
    await asyncio.gather(much, little)
    assert sent == ["much", "little", *["much"] * 9]


async def test_nothing_is_sent_once_the_connection_is_closed() -> None:
    events: list[dict[str, str]] = []

    async def send(event: dict[str, str]) -> None:
        events.append(event)

    outbox = Outbox(send)
    await outbox.close(401, "é" * 100)
    assert events == [{"type": "websocket.close", "code": 4401, "reason": "é" * 61}]
    with pytest.raises(Disconnected):
        await outbox.put("pong")


def test_a_web_process_that_stops_says_come_again_and_the_rest_is_read_elsewhere(
    stack: Stack, web: tuple[Process, str], caller: Caller
) -> None:
    process, url = web
    task, claim = make_running(caller, make_worker())
    goal = unique_goal("Outlive the process")
    with Client(url) as client:
        client.send("subscribe", id="a", task_id=str(task.pk))
        client.send("ask", id="b", path="/workflow/generate", body=generation(goal, model="demo-slow-0.3s"))
        wait_for_event(task_of(goal).pk, Kind.MODEL_STARTED)
        while 2 not in client.ids("a"):
            client.receive()
        # uvicorn ends in good order, and then by the signal that it was sent.
        assert process.stop(signal.SIGTERM) == -signal.SIGTERM
        assert client.closing()[0] == 1012
        assert "ended" not in [message["type"] for message in client.messages]
    services.complete(task, {"workflow_graph": {}}, Write(claim, 1))
    with Client(stack.url) as again:
        again.send("subscribe", id="a", task_id=str(task.pk), last_event_id=2)
        again.until_type("ended")
        assert again.ids("a") == [3]
    assert wait_for_status(str(task_of(goal).pk), Status.COMPLETED), "not its caller has left, but the server"
    assert "Traceback" not in process.log.read_text()
