"""What readers cost, and what becomes of slow ones."""

import contextlib
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.db import connection

from sessions.callers import Caller
from tests.factories import make_running, make_worker
from tests.stack import Process, Stack, wait_for
from tests.streaming.sse import Connection, parse
from workflows import services
from workflows.events import Kind
from workflows.models import Task
from workflows.services import Claim, TextPiece, Write

IDLE_STREAMS = 500
THREADS_MORE = 8
"""The hub's and the shared ones, which come into being with the first streams."""


@pytest.fixture
def web(stack: Stack) -> Iterator[tuple[Process, str]]:
    """A web process that nobody else uses."""
    process, url = stack.start_web("web-of-its-own")
    yield process, url
    process.stop()


def threads_of(process: Process) -> int:
    return len(os.listdir(f"/proc/{process.pid}/task"))


def open_files_of(process: Process) -> int:
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def database_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def write_text(task: Task, claim: Claim, megabytes: float) -> None:
    """Fill the task's stream."""
    numbers = itertools.count(1)
    text = {"call": "plan/1", "stage": "plan", "node": None, "text": "x" * 8000}
    for _ in range(int(megabytes * 5)):
        services.append_texts([TextPiece(Write(claim, next(numbers)), text) for _ in range(25)])


def test_idle_streams_hold_no_thread_and_no_connection(web: tuple[Process, str]) -> None:
    process, url = web
    stream = requests.post(f"{url}/connect").json()["stream_url"]
    with Connection(f"{url}{stream}") as first:
        first.read_until(b"retry: 2000\n")
        threads, files = threads_of(process), open_files_of(process)
        with contextlib.ExitStack() as streams:
            for _ in range(IDLE_STREAMS):
                reader = streams.enter_context(Connection(f"{url}{stream}"))
                reader.read_until(b"retry: 2000\n")
            assert threads_of(process) <= threads + THREADS_MORE
            assert open_files_of(process) >= files + IDLE_STREAMS
            # What the requests borrowed goes back to the pool; what is left of it is bounded by the pool.
            assert database_connections() < 100
        wait_for(lambda: open_files_of(process) < files + 50, "the connections are closed")
    wait_for(lambda: threads_of(process) <= threads + THREADS_MORE, "the threads are gone")


def test_a_reader_that_stops_reading_is_cut_off_and_resumes(web: tuple[Process, str], caller: Caller) -> None:
    process, url = web
    task, claim = make_running(caller, make_worker())
    stream = f"{url}/stream/{task.pk}"
    with Connection(stream, receive_buffer=4096) as stalled:
        stalled.read_until(b"id: 1\n")
        write_text(task, claim, megabytes=12)
        wait_for(
            lambda: "took nothing" in Path(process.log).read_text(), "the server cuts off the reader that takes nothing"
        )
        stalled.read_to_end()
        seen = stalled.ids()
    services.complete(task, {"workflow_graph": {}}, Write(claim, 1))
    task.refresh_from_db()
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) < task.last_seq

    response = requests.get(stream, headers={"Last-Event-ID": str(seen[-1])})
    assert [message.id for message in parse(response.text)] == list(range(seen[-1] + 1, task.last_seq + 1))


def test_a_reader_slower_than_its_stream_gets_everything(web: tuple[Process, str], caller: Caller) -> None:
    """More than its buffer holds is written while it reads in small sips."""
    _, url = web
    task, claim = make_running(caller, make_worker())
    with Connection(f"{url}/stream/{task.pk}", receive_buffer=4096) as slow:
        slow.read_until(b"id: 2\n")
        write_text(task, claim, megabytes=6)
        services.complete(task, {"workflow_graph": {}}, Write(claim, 1))
        slow.read_to_end()
        task.refresh_from_db()
        assert slow.ids() == list(range(1, task.last_seq + 1))


def test_a_web_process_that_stops_ends_its_streams_and_their_readers_go_on_elsewhere(
    stack: Stack, web: tuple[Process, str], caller: Caller
) -> None:
    process, url = web
    task, claim = make_running(caller, make_worker())
    with Connection(f"{url}/stream/{task.pk}") as reader:
        reader.read_until(b"id: 2\n")
        # uvicorn ends in good order, and then by the signal that it was sent.
        assert process.stop(signal.SIGTERM) == -signal.SIGTERM
        assert reader.read_to_end().endswith(b"0\r\n\r\n"), "the response ends in good order"
        last = reader.ids()[-1]
    services.append(
        task.pk,
        Kind.TASK_PROGRESS,
        {"progress": 7, "current_state": "x"},
        write=Write(claim, 1),
        changes={"progress": 7},
    )
    services.complete(task, {"workflow_graph": {}}, Write(claim, 2))
    response = requests.get(f"{stack.url}/stream/{task.pk}", headers={"Last-Event-ID": str(last)})
    assert [message.id for message in parse(response.text)] == [3, 4]


def test_a_client_that_goes_away_leaves_nothing_behind(web: tuple[Process, str]) -> None:
    process, url = web
    stream = requests.post(f"{url}/connect").json()["stream_url"]
    with Connection(f"{url}{stream}") as reader:
        reader.read_until(b"retry: 2000\n")
        before = open_files_of(process)
        for _ in range(50):
            with Connection(f"{url}{stream}") as visitor:
                visitor.read_until(b"retry: 2000\n")
        wait_for(lambda: open_files_of(process) <= before + 2, "the visitors' connections are closed")
        wait_for(lambda: b": heartbeat" in reader.read_until(b": heartbeat"), "the one who stayed hears on")
    assert "Traceback" not in process.log.read_text()
