"""A turn whose worker is killed: the next one goes on with it, and no command has its effect twice."""

import signal
from collections.abc import Iterator

import pytest
import requests

from tests.dialects.fastworkflow import User, frames_of, response_of
from tests.factories import kinds_of
from tests.parallel import redis_url
from tests.stack import Process, Stack, wait_for
from workflows.events import Kind
from workflows.models import Todo


@pytest.fixture
def slow(stack: Stack) -> Iterator[tuple[Process, str]]:
    """A worker and a web server, with a model that takes its time."""
    queue = redis_url(1)
    worker = stack.start_worker("slow", REDIS_URL=queue)
    stack.wait_for_worker("slow")
    web, url = stack.start_web("web-of-the-slow", REDIS_URL=queue, OPENAI_MODEL="demo-slow-1s")
    yield worker, url
    web.stop()
    worker.stop()


def test_a_turn_whose_worker_is_killed_writes_one_todo(stack: Stack, slow: tuple[Process, str]) -> None:
    worker, url = slow
    user = User(url)
    with user.post("invoke_agent_stream?keep=true", user_query="create a todo to rest", stream=True) as response:
        turn = response.headers["X-Task-Id"]
        wait_for(lambda: Todo.objects.filter(channel__name=user.name).exists(), "the todo is written")
        worker.stop(signal.SIGKILL)

    frames = frames_of(requests.get(f"{stack.url}/invoke_agent_stream?task_id={turn}", timeout=60))

    assert kinds_of(turn).count(Kind.TASK_REQUEUED) == 1
    assert [frame.event for frame in frames] == ["trace", "trace", "command_output"]
    assert "Todo 1 is on the list: rest" in response_of(frames[-1].data)
    assert Todo.objects.filter(channel__name=user.name).count() == 1
