"""Redis stopped, paused, wiped, restarted: streams go on by polling, tasks are sent again."""

import signal
from collections.abc import Callable

import pytest
import redis
import requests

from tests.faults.following import Following, generation, start
from tests.history.rows import Rows
from tests.history.world import World
from tests.stack import wait_for

QUEUE = "evoserver"


def pause(world: World) -> None:
    world.engines.redis.pause()


def kill(world: World) -> None:
    world.engines.redis.stop(signal.SIGKILL)


def restart(world: World) -> None:
    world.engines.redis.restart(signal.SIGTERM)


def wipe(world: World) -> None:
    world.engines.wipe_redis()


@pytest.mark.parametrize("harm", [pause, kill, restart, wipe])
def test_a_stream_is_whole_and_its_task_completes_whatever_happens_to_redis(
    world: World, following: Following, harm: Callable[[World], None]
) -> None:
    stream = following.task(start(world.urls, "demo-slow-1s"))
    wait_for(lambda: "model.text" in stream.names, "the model writes")
    harm(world)
    # Without Redis the stream goes on, by asking the rows. (Only a new claim needs a message: on a machine so busy that
    # the worker loses its lease, the task waits for Redis.)
    wait_for(lambda: {"plan.completed", "task.requeued"} & set(stream.names), "the stream goes on")
    world.engines.mend()
    assert stream.whole().names[-1] == "task.completed"


def test_a_post_without_redis_is_queued_and_runs_when_it_is_back(
    world: World, rows: Rows, following: Following
) -> None:
    world.engines.redis.stop(signal.SIGKILL)
    response = requests.post(f"{world.urls[0]}/stream/workflow/generate", json=generation(), timeout=10)
    assert response.status_code == 200
    task = response.json()["task_id"]
    stream = following.task(task)
    wait_for(lambda: stream.names == ["task.submitted"], "the stream shows it")
    assert [found.status for found in rows.tasks() if found.id == task] == ["queued"]
    world.engines.redis.start()
    assert stream.whole().names[-1] == "task.completed"


def test_a_task_whose_message_was_lost_is_sent_again(world: World, following: Following) -> None:
    with redis.Redis.from_url(world.engines.redis.url) as client:
        for worker in world.workers:
            worker.process.send(signal.SIGSTOP)
        wait_for(lambda: client.info("clients")["blocked_clients"] == 0, "no worker waits for a message", 20)
        task = start(world.urls)
        wait_for(lambda: client.llen(QUEUE), "the message is there")
        client.delete(QUEUE)
    for worker in world.workers:
        worker.process.send(signal.SIGCONT)
    assert following.task(task).whole().names[-1] == "task.completed"
