"""An agent's task whose worker is killed in the middle: no seam, nothing paid twice, and all readers agree."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.dialects.agentarea import frames, make_agent, start
from tests.faults.test_workers import worker_of
from tests.history.world import World
from tests.stack import wait_for
from tests.streaming.sse import Message, parse


def follow(stream: str) -> list[Message]:
    """Everything, live; who is cut off goes on after the last id."""
    told: list[Message] = []
    while not told or told[-1].event != "WorkflowCompleted":
        headers = {"Last-Event-ID": str(told[-1].id)} if told else {}
        with requests.get(stream, headers=headers, stream=True, timeout=60) as response:
            text = b"".join(response.iter_content(None)).decode()
        told += [message for message in parse(text) if message.id is not None]
        time.sleep(0.05)
    return told


def pages(task: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = {"has_next": True, "page": 0}
    while page["has_next"]:
        page = requests.get(f"{task}/events?page={page['page'] + 1}&page_size=2", timeout=60).json()
        found += page["events"]  # type: ignore[arg-type]
    return found


def test_live_history_and_pages_agree_across_a_kill_and_the_costs_add_up(world: World) -> None:
    agent = make_agent(f"{world.urls[0]}/api/v1")
    task, turn = start(agent, "What is (17 + 4) * 2 and 3 * 4?", model="demo-slow-2s")
    with ThreadPoolExecutor() as readers:
        live = readers.submit(follow, f"{task}/events/stream")
        wait_for(lambda: "WorkflowToolCallCompleted" in str(pages(task)), "a tool has answered")
        os.kill(worker_of(world, turn), signal.SIGKILL)
        told = live.result(90)
    history = frames(task)
    assert [frame.raw for frame in told] == [frame.raw for frame in history]
    assert [event["id"] for event in pages(task)] == [frame.id for frame in history]
    assert len({frame.id for frame in told}) == len(told)
    replies = [frame.data for frame in told if frame.event == "WorkflowLLMCallCompleted"]
    end = told[-1].data
    assert len(replies) == end["iterations_completed"] == 2
    assert sum(reply["cost"] for reply in replies) == pytest.approx(end["total_cost"])
    shown = requests.get(f"{world.urls[1]}/api/v1/tasks/{turn}", timeout=60).json()
    assert shown["cost_usd"] == pytest.approx(end["total_cost"])
    # It did go over to the other worker.
    started = requests.get(f"{world.urls[1]}/api/v1/tasks/{turn}/events", timeout=60).text
    assert started.count('"kind":"task.started"') == 2
