"""A worker that goes away, and what its tasks notice of it."""

import signal

import pytest
import requests

from tests.factories import kinds_of
from tests.stack import Process, Stack, wait_for
from tests.streaming.sse import read_stream
from workflows.events import Kind
from workflows.models import Event, Step

GOAL = {"goal": "Measure the wind and the rain, then draw a chart", "llm_config": {"model": "demo-slow-3s"}}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_another_worker_goes_on_where_the_ledger_ends(stack: Stack, doomed: tuple[Process, str], how: int) -> None:
    worker, url = doomed
    task = requests.post(f"{url}/stream/workflow/generate", json=GOAL).json()["task_id"]
    wait_for(lambda: Step.objects.filter(task_id=task).exists(), "the plan is settled")
    wait_for(lambda: kinds_of(task).count(Kind.MODEL_STARTED) > 1, "the agents are being written")
    worker.stop(signal.Signals(how))

    messages = read_stream(f"{stack.url}/api/v1/tasks/{task}/events/stream")

    assert [message.id for message in messages] == list(range(1, len(messages) + 1))
    kinds = [message.event for message in messages]
    assert kinds.count(Kind.TASK_REQUEUED) == 1
    assert kinds.count(Kind.TASK_STARTED) == 2
    assert kinds[-1] == Kind.TASK_COMPLETED
    completed = [message.data["data"]["call"] for message in messages if message.event == Kind.MODEL_COMPLETED]
    assert len(completed) == len(set(completed)), "no settled call was made again"
    assert Event.objects.filter(task_id=task, kind=Kind.PLAN_COMPLETED).count() == 1
    progress = [message.data["data"]["progress"] for message in messages if "progress" in message.data["data"]]
    assert progress == sorted(progress)
