"""A `kill -9` of the worker at every event of a generation, and of an execution.

A trigger holds the writing of event n + 1, so that the worker is killed when exactly n events are there. Its last write
is then undone, or committed without anybody hearing of it, by turns. Other workers go on with what the rows say.
"""

import asyncio
import logging
import signal
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psycopg
from asgiref.sync import sync_to_async
from celery import Celery

from tests.history.history import Reading, Stream
from tests.history.readers import Reader
from tests.history.world import World
from tests.stack import Process, wait_for
from workflows.models import Task
from workflows.services.queue import RUN_TASK

logger = logging.getLogger(__name__)

QUEUE = "evoserver"
QUEUES = range(1, 15)
"""Redis databases, each the queue of one doomed worker: nobody else hears of its task."""
LOCK = 0x57414C4B
MOST_EVENTS = 500

PREPARE = f"""
CREATE TABLE history_walk (task_id uuid PRIMARY KEY, seq bigint NOT NULL);
CREATE FUNCTION history_walk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM history_walk WHERE task_id = NEW.task_id AND seq = NEW.seq) THEN
        PERFORM pg_advisory_xact_lock({LOCK});
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER history_walk BEFORE INSERT ON workflows_event FOR EACH ROW EXECUTE FUNCTION history_walk();
"""
CLEAN_UP = "DROP TRIGGER history_walk ON workflows_event; DROP FUNCTION history_walk; DROP TABLE history_walk"
HELD = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK} AND NOT granted"


class Walk:
    """Walks through a task's events, one task of the same kind and one killed worker for each, or each `stride`th.

    `submit` makes the task, in whose goal the text stands that it is called with.
    """

    def __init__(self, world: World, submit: Callable[[str], Task], reader: Reader, *, stride: int = 1) -> None:
        self.boundaries = 0
        self.readings: list[Reading] = []
        self._world = world
        self._submit = submit
        self._reader = reader
        self._stride = stride

    async def run(self) -> None:
        """Until a task ends before its worker is killed: then every event has had its turn."""
        async with self._holding() as database:
            doomed = await asyncio.to_thread(self._start, 1)
            for events in range(1, MOST_EVENTS, self._stride):
                following = asyncio.create_task(asyncio.to_thread(self._start, events + self._stride))
                reached = await self._step(database, doomed, events)
                doomed = await following
                if not reached:
                    break
                self.boundaries += 1
            await asyncio.to_thread(doomed.stop, signal.SIGKILL)

    async def _step(self, database: psycopg.AsyncConnection, doomed: Process, events: int) -> bool:
        """Kill the worker once `events` are there. False if the task ended with no more than these."""
        task = await sync_to_async(self._submit)(f"killed at {events}")
        await database.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        await database.execute("INSERT INTO history_walk VALUES (%s, %s)", [task.pk, events + 1])
        await asyncio.to_thread(self._send, task.pk, events)
        reading = Reading(f"walker-{events}", Stream("task", str(task.pk), native=True))
        self.readings.append(reading)
        read = asyncio.create_task(self._reader.read(reading))
        backend = await _held(database, read)
        await asyncio.to_thread(doomed.stop, signal.SIGKILL)
        if backend and events % 2:
            await database.execute("SELECT pg_terminate_backend(%s)", [backend])
        await database.execute("DELETE FROM history_walk")
        await database.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        await read
        logger.info("killed at event %d: %d events in the end", events, len(reading.told))
        return backend is not None

    def _queue(self, events: int) -> str:
        return f"{self._world.engines.redis.url.rpartition('/')[0]}/{QUEUES[events % len(QUEUES)]}"

    def _start(self, events: int) -> Process:
        worker = self._world.stack.start_worker(f"walker-{events}", REDIS_URL=self._queue(events))
        wait_for(lambda: " is ready" in worker.log.read_text(), f"{worker.name} is ready", alive=worker)
        return worker

    def _send(self, task: uuid.UUID, events: int) -> None:
        with Celery(broker=self._queue(events), set_as_current=False) as broker:
            broker.send_task(RUN_TASK, [str(task)], queue=QUEUE)

    @asynccontextmanager
    async def _holding(self) -> AsyncIterator[psycopg.AsyncConnection]:
        url = self._world.engines.postgres.url
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as database:
            await database.execute(PREPARE)
            try:
                yield database
            finally:
                await database.execute(CLEAN_UP)


async def _held(database: psycopg.AsyncConnection, read: "asyncio.Task[None]") -> int | None:
    """The backend that writes the event which is held, or None if the stream ends first."""
    while not read.done():
        if found := await (await database.execute(HELD)).fetchone():
            return int(found[0])
        await asyncio.sleep(0.005)
    return None
