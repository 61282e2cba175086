"""The worker process: runs tasks on its one loop, while Celery's threads wait for them."""

import asyncio
import logging
import os
import socket
import threading
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from sessions import trace
from workflows import services
from workflows.database import DatabaseThreads
from workflows.engine.llm.client import Models
from workflows.exceptions import Paused, StaleClaim, TaskError, Waiting
from workflows.models import Task
from workflows.services import Claim, Write
from workflows.services import secrets as stored_secrets
from workflows.services.finish import timed_out
from workflows.services.queue import enqueue
from workflows.worker import lease, sweep
from workflows.worker.jobs import JOBS
from workflows.worker.journal import DatabaseJournal
from workflows.worker.lease import Held
from workflows.worker.mcp import McpServers
from workflows.worker.texts import TextWriter
from workflows.worker.todos import with_todos
from workflows.worker.webhooks import Deliverer

logger = logging.getLogger(__name__)

DATABASE_THREADS = 8
LAST_WRITE = 2**62
BEAT_SECONDS = 1.0
"""How often the lease is renewed and the rows are asked what was cancelled, answered, lost or never sent; three times a
lease at least, or a short one would be over before it is renewed."""
HAND_OVER_SECONDS = 8.0
"""For all of it, also while the database is away. Then the lease's end does it."""


class Runtime:
    """One per process. `start` and `stop` are called by Celery's signals, `run` by its threads."""

    def __init__(self) -> None:
        self.worker_id = uuid.uuid4()
        # By claim, not by task: a task that came back may be run again while its lost claim still winds down.
        self._running: dict[Claim, asyncio.Task[None]] = {}
        self._journals: dict[Claim, DatabaseJournal] = {}
        self._claiming: dict[asyncio.Task[tuple[Task, Claim] | None], uuid.UUID] = {}
        self._threads = DatabaseThreads(DATABASE_THREADS, "database")
        # Apart, so that a long sweep cannot cost the lease.
        self._beats = DatabaseThreads(1, "beat")
        self._sweeps = DatabaseThreads(1, "sweep")
        self._deliverer = Deliverer(self.worker_id)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="engine", daemon=True)
        self._stopping = False
        self._passed_on: list[uuid.UUID] = []
        self._texts: TextWriter
        self._models: Models
        self._mcp: McpServers

    def start(self) -> None:
        self._thread.start()
        self._wait_for(self._start())

    def run(self, task_id: uuid.UUID) -> None:
        """Run a task to its end; returns at once if it is not to be had. Called on a Celery thread, which waits."""
        if self._stopping:
            self._passed_on.append(task_id)
        else:
            self._wait_for(self._run(task_id))

    def stop(self) -> None:
        """Hand over: give the tasks back, so that other workers take them at once."""
        self._stopping = True
        self._wait_for(self._hand_over())

    def finish(self) -> None:
        """Send on the messages that arrived during the stop. Called when no more can arrive."""
        for task_id in self._passed_on:
            enqueue(task_id)

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> None:
        self._texts = TextWriter(self._threads)
        self._models = Models(provider_calls_at_once=settings.PROVIDER_CALLS_AT_ONCE)
        self._mcp = McpServers(self._threads)
        await self._beats.insist(lease.take, self.worker_id, socket.gethostname(), os.getpid())
        self._background = [
            asyncio.create_task(self._texts.run()),
            asyncio.create_task(self._for_ever(self._beat)),
            asyncio.create_task(self._for_ever(self._sweep)),
            asyncio.create_task(self._for_ever(self._deliverer.round)),
            asyncio.create_task(self._for_ever(self._mcp.look)),
            asyncio.create_task(self._for_ever(self._mcp.tend)),
        ]
        logger.info("worker %s is ready", self.worker_id)

    async def _run(self, task_id: uuid.UUID) -> None:
        claiming = asyncio.create_task(self._threads.insist(services.claim, task_id, self.worker_id))
        self._claiming[claiming] = task_id
        await asyncio.wait([claiming])
        del self._claiming[claiming]
        if self._stopping:
            # It was not among what was handed over. Sent again, or taken from us since the lease is given up, it runs.
            self._passed_on.append(task_id)
            return
        claimed = claiming.result()
        if claimed is None:
            return
        task, claim = claimed
        work = self._running[claim] = asyncio.create_task(self._work(task, claim))
        try:
            await asyncio.wait([work])
        finally:
            del self._running[claim]
            self._journals.pop(claim, None)
            self._texts.forget(claim)

    async def _work(self, task: Task, claim: Claim) -> None:
        """Run the task's job and end the task accordingly. Cancelled when the claim is over or is given back."""
        trace.begin(task=task.pk, session=task.session_id, caller=f"{task.owner_id}@{task.group_id}")
        journal = self._journals[claim] = DatabaseJournal(task, claim, self._threads, self._texts)
        remaining = (task.deadline - timezone.now()).total_seconds()
        logger.info("task %s starts (%s)", task.pk, task.job)
        try:
            try:
                async with asyncio.timeout(remaining) as limit:
                    await journal.load()
                    secrets = stored_secrets.decrypt(task.secrets) if task.secrets else {}
                    tools = await self._mcp.tools_of(task, secrets, journal)
                    tools = with_todos(task, tools, self._threads)
                    result = await JOBS[task.job](task, secrets, self._models, journal, tools)
            except TimeoutError:
                if not limit.expired():
                    raise
                await self._fail(task, journal, timed_out(task))
            except TaskError as error:
                await self._fail(task, journal, error)
            else:
                await self._threads.insist(services.complete, task, result, await journal.next_write())
                logger.info("task %s completed", task.pk)
        except Paused:
            await self._pause(claim, journal)
        except Waiting as waiting:
            await self._wait(claim, journal, waiting)
        except StaleClaim:
            logger.info("task %s is no longer this worker's", task.pk)
        except Exception:  # a defect of ours, whatever it is, must not leave the task without an end
            logger.exception("task %s failed by a defect", task.pk)
            with suppress(StaleClaim):
                await self._threads.insist(
                    services.fail,
                    task,
                    TaskError("Something went wrong on the server. Its log says what."),
                    Write(claim, LAST_WRITE),
                )

    async def _fail(self, task: Task, journal: DatabaseJournal, error: TaskError) -> None:
        await self._threads.insist(services.fail, task, error, await journal.next_write())
        logger.info("task %s failed: %s", task.pk, error.type)

    async def _pause(self, claim: Claim, journal: DatabaseJournal) -> None:
        """Nothing of the task is under way any more. It may have been resumed meanwhile; then it is queued again."""
        with suppress(StaleClaim):
            await journal.flush()
            await self._threads.insist(
                services.requeue, claim.task_id, reason="it was resumed", claim_token=claim.token
            )
            logger.info("task %s pauses", claim.task_id)

    async def _wait(self, claim: Claim, journal: DatabaseJournal, waiting: Waiting) -> None:
        """Only answers of people take the task further: no worker is needed until one comes."""
        with suppress(StaleClaim):
            await self._threads.insist(services.wait, claim.task_id, waiting.keys, await journal.next_write())
            logger.info("task %s waits for %d answers", claim.task_id, len(waiting.keys))

    async def _for_ever(self, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except (OperationalError, InterfaceError) as error:
                logger.warning("The database does not answer (%s)", type(error).__name__)
            except Exception:  # whatever it is, the lease must be renewed and the rows be swept
                logger.exception("a round of the worker failed")
            await asyncio.sleep(min(BEAT_SECONDS, settings.WORKER_LEASE_SECONDS / 3))

    async def _beat(self) -> None:
        running = list(self._running)  # what is claimed while the rows are asked may be missing in the answer
        held = await self._beats.run(lease.renew, self.worker_id)
        self._drop_lost(running, held)
        self._pause_and_go_on(held)
        await self._hear_answers()
        for task_id, token in self._forgotten(held).items():
            await self._beats.run(services.requeue, task_id, reason="its claim was lost", claim_token=token)

    async def _sweep(self) -> None:
        await self._sweeps.run(sweep.sweep)

    def _drop_lost(self, running: list[Claim], held: dict[uuid.UUID, Held]) -> None:
        """Stop what was cancelled, or taken over by another worker."""
        for claim in running:
            hold = held.get(claim.task_id)
            if (hold is None or hold.token != claim.token) and (work := self._running.get(claim)):
                work.cancel()

    def _pause_and_go_on(self, held: dict[uuid.UUID, Held]) -> None:
        for claim, journal in self._journals.items():
            hold = held.get(claim.task_id)
            if hold and hold.token == claim.token:
                journal.pausing = hold.pausing

    async def _hear_answers(self) -> None:
        """Of the tasks here that ask and go on with other nodes meanwhile."""
        asking = [(claim.task_id, journal) for claim, journal in self._journals.items() if journal.is_asking]
        if asking:
            answers = await self._beats.run(services.answers_of, [task_id for task_id, _ in asking])
            for _, journal in asking:
                await journal.hear(answers)

    def _forgotten(self, held: dict[uuid.UUID, Held]) -> dict[uuid.UUID, int]:
        """What the rows say is held here and nothing here works on: claims whose COMMIT was not answered."""
        return {
            task_id: hold.token
            for task_id, hold in held.items()
            if task_id not in self._claiming.values()
            and Claim(task_id, self.worker_id, hold.token) not in self._running
        }

    async def _hand_over(self) -> None:
        for background in self._background[1:]:
            background.cancel()
        running = list(self._running.items())
        for waiting in (*self._claiming, *self._running.values()):
            waiting.cancel()
        try:
            async with asyncio.timeout(HAND_OVER_SECONDS):
                for claim, work in running:
                    await asyncio.wait([work], timeout=1)
                    await self._threads.insist(
                        services.requeue, claim.task_id, reason="its worker stopped", claim_token=claim.token
                    )
                await self._deliverer.stop()
                await self._threads.insist(lease.give_up, self.worker_id)
                await self._mcp.close()
        except TimeoutError:
            logger.warning("worker %s could not hand over; its tasks are taken when its lease ends", self.worker_id)
        else:
            logger.info("worker %s stopped; %d tasks handed over", self.worker_id, len(running))
