"""The feed of the list's page."""

import json
import re
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sessions.callers import Caller
from tests.factories import make_running, make_task, make_worker
from tests.http.asking import unique_goal
from tests.stack import Stack
from workflows import services


class Feed:
    """What a page hears."""

    def __init__(self, url: str, **query: str) -> None:
        self._response = requests.get(f"{url}/dashboard/feed", params=query, stream=True, timeout=60)
        assert self._response.headers["Content-Type"] == "text/event-stream"
        self._lines = self._response.iter_lines(decode_unicode=True)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        event = ""
        for line in self._lines:
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield event, json.loads(line.removeprefix("data: "))

    def next(self, name: str) -> Any:
        return next(data for event, data in self if event == name)

    def close(self) -> None:
        self._response.close()


def test_it_tells_what_is_there_then_what_changes(url: str, caller: Caller) -> None:
    goal = unique_goal("Watch the feed")
    old = make_task(caller, goal)
    services.cancel(old, reason="a test")
    feed = Feed(url, q=goal)
    first = feed.next("tasks")
    assert first["order"] == [str(old.pk)]
    assert first["rows"][0]["status"] == "cancelled"

    task, _ = make_running(caller, make_worker(), goal=goal)
    heard = feed.next("tasks")
    assert heard["order"] == [str(task.pk), str(old.pk)]
    assert [row["id"] for row in heard["rows"]] == [str(task.pk)]
    services.cancel(task, reason="a test")
    while heard["rows"][0]["status"] != "cancelled":
        heard = feed.next("tasks")
    assert [row["id"] for row in heard["rows"]] == [str(task.pk)]
    feed.close()


def test_a_task_that_no_longer_passes_the_filter_leaves(url: str, caller: Caller) -> None:
    goal = unique_goal("Leave the list")
    task, _ = make_running(caller, make_worker(), goal=goal)
    feed = Feed(url, q=goal, status="running")
    assert feed.next("tasks")["order"] == [str(task.pk)]
    services.cancel(task, reason="a test")
    assert feed.next("tasks") == {"rows": [], "order": []}
    feed.close()


def test_it_tells_of_workers_and_sessions(url: str, caller: Caller, stranger: Caller) -> None:
    own, other = services.open_session(caller), services.open_session(stranger)
    overview = Feed(url).next("overview")
    assert any(worker["status"] == "fresh" for worker in overview["workers"])
    sessions = [session["id"] for session in overview["sessions"]]
    assert str(own.pk) in sessions
    assert str(other.pk) not in sessions
    for session in (own, other):
        services.close_session(session)


def test_it_says_nothing_of_other_groups(url: str, stranger: Caller) -> None:
    goal = unique_goal("Not for everybody")
    services.cancel(make_task(stranger, goal), reason="a test")
    feed = Feed(url, q=goal)
    assert feed.next("tasks") == {"rows": [], "order": []}
    feed.close()


@pytest.mark.parametrize("query", ["status=done", "before=x", f"before={uuid.UUID(int=0)}"])
def test_a_bad_query_is_refused(url: str, query: str) -> None:
    assert requests.get(f"{url}/dashboard/feed?{query}").status_code == 422


def test_feeds_hold_no_threads_and_end_with_the_server(stack: Stack) -> None:
    process, url = stack.start_web("feeding")
    feeds = [Feed(url, q="none") for _ in range(20)]
    for feed in feeds:
        feed.next("tasks")
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert int(re.findall(r"Threads:\s+(\d+)", status)[0]) < 20
    process.send(signal.SIGTERM)
    for feed in feeds:
        assert [event for event, _ in feed if event == "tasks"] == []
    # uvicorn passes the signal on when it has shut down in good order.
    assert process.stop() == -signal.SIGTERM
