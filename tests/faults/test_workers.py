"""A worker that is paused past its lease, and wakes up as a stranger to its tasks."""

import os
import signal

import psycopg

from tests.faults.following import Following, start
from tests.history.world import World
from tests.stack import wait_for

WORKER_OF = """
SELECT worker.pid FROM workflows_task AS task JOIN workflows_worker AS worker ON worker.id = task.worker_id
WHERE task.id = %s
"""


def worker_of(world: World, task: str) -> int:
    """The process that holds the task's claim."""
    with psycopg.connect(world.engines.postgres.url) as connection:
        found = connection.execute(WORKER_OF, [task]).fetchone()
    assert found
    return int(found[0])


def test_a_worker_paused_past_its_lease_and_woken_does_no_harm(world: World, following: Following) -> None:
    task = start(world.urls, "demo-slow-2s")
    stream = following.task(task)
    wait_for(lambda: "model.text" in stream.names, "the model writes")
    paused = worker_of(world, task)
    os.kill(paused, signal.SIGSTOP)
    try:
        wait_for(lambda: stream.names.count("task.started") == 2, "another worker took it")
        assert worker_of(world, task) != paused
    finally:
        os.kill(paused, signal.SIGCONT)
    told = stream.whole()
    assert told.names[-1] == "task.completed"
    assert told.names.count("plan.completed") == 1
    completed = [
        data["data"]["call"] for data, name in zip(told.datas, told.names, strict=True) if name == "model.completed"
    ]
    assert len(completed) == len(set(completed))
