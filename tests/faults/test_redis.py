"""Redis stopped, paused, wiped, restarted: streams go on by polling, tasks are sent again."""

import signal
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
import redis
import requests

from tests.faults.following import Following, generation, start
from tests.history.rows import Rows
from tests.history.world import LEASE_SECONDS, World
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


def database_time(world: World) -> datetime:
    with psycopg.connect(world.engines.postgres.url) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row
    moment: datetime = row[0]
    return moment


def renewed_since(world: World, moment: datetime) -> int:
    """How many workers have renewed their lease a second after that, or later."""
    least = moment + timedelta(seconds=LEASE_SECONDS + 1)
    with psycopg.connect(world.engines.postgres.url) as connection:
        row = connection.execute("SELECT count(*) FROM workflows_worker WHERE lease_until > %s", [least]).fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize("harm", [pause, kill, restart, wipe])
def test_a_stream_is_whole_and_its_task_completes_whatever_happens_to_redis(
    world: World, following: Following, harm: Callable[[World], None]
) -> None:
    stream = following.task(start(world.urls, "demo-slow-1s"))
    wait_for(lambda: "model.text" in stream.names, "the model writes")
    harm(world)
    # A lease is a row, and is renewed without Redis.
    harmed = database_time(world)
    wait_for(lambda: renewed_since(world, harmed) == len(world.workers), "every worker renews its lease")
    # Without Redis the stream goes on, by asking the rows. Only a new claim needs a message, and what makes one needed
    # here is not Redis: on a machine that keeps a worker waiting for longer than this world's short lease, the task is
    # taken from it, and then waits for Redis.
    wait_for(lambda: {"plan.completed", "task.requeued"} & set(stream.names), "the stream goes on")
    world.engines.mend()
    assert stream.whole().names[-1] == "task.completed"


def test_a_post_without_redis_is_queued_and_runs_when_it_is_back(
    world: World, rows: Rows, following: Following
) -> None:
    world.engines.redis.stop(signal.SIGKILL)
    response = requests.post(f"{world.urls[0]}/stream/workflow/generate", json=generation(), timeout=60)
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
