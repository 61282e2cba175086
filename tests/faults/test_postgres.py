"""PostgreSQL restarted, crashed, away: work waits for it, requests are told to come back."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.faults.following import Following, generation, insist, start
from tests.history.rows import Rows
from tests.history.world import World
from tests.stack import wait_for

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT


@pytest.mark.parametrize("how", [FAST, IMMEDIATE], ids=["fast", "immediate"])
def test_a_restart_in_mid_append_and_mid_stream_loses_nothing(world: World, following: Following, how: int) -> None:
    streams = [following.task(start(world.urls, model)) for model in ("demo-flood", "demo-slow-1s", "demo-flood")]
    wait_for(lambda: all("model.text" in stream.names for stream in streams), "the models write")
    world.engines.postgres.restart(signal.Signals(how))
    for stream in streams:
        assert stream.whole().names[-1] == "task.completed"
        assert sum(name in ("task.completed", "task.failed") for name in stream.names) == 1


def test_connections_cut_in_mid_stream_lose_nothing(world: World, following: Following) -> None:
    stream = following.task(start(world.urls, "demo-slow-1s"))
    for kind in ("task.started", "model.text", "plan.completed"):
        wait_for(lambda kind=kind: kind in stream.names, f"{kind} is told")
        world.engines.cut_connections()
    assert stream.whole().names[-1] == "task.completed"


def test_requests_without_a_database_get_503_and_when_to_try_again(world: World, rows: Rows) -> None:
    task = start(world.urls)
    wait_for(lambda: not rows.unfinished(), "it has ended")
    asked = [
        ("POST", "/workflow/generate", generation()),
        ("POST", "/stream/workflow/generate", generation()),
        ("POST", "/connect", None),
        ("GET", "/clients", None),
        ("GET", f"/stream/{task}", None),
        ("GET", f"/api/v1/tasks/{task}", None),
        ("GET", f"/api/v1/tasks/{task}/events/stream", None),
    ]
    world.engines.postgres.stop(FAST)
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(
            threads.map(lambda a: requests.request(a[0], world.urls[0] + a[1], json=a[2], timeout=60), asked)
        )
    for (method, path, _), answer in zip(asked, answers, strict=True):
        assert answer.status_code == 503, (method, path, answer.text)
        assert answer.headers["Retry-After"].isdigit()
        assert set(answer.json()) == {"detail"}
    world.engines.postgres.start()
    response, _ = insist("GET", world.urls[:1], f"/api/v1/tasks/{task}")
    assert response.json()["status"] == "completed"
