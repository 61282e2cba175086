"""A run: quiet, then writers, readers, clients and faults at once, then quiet again. What happened is the history."""

import asyncio
import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, User

from sessions.authentication import LOCAL_NAME
from sessions.callers import Caller
from tests.history.crowd import Crowd
from tests.history.faults import Fault, inflict, schedule
from tests.history.footprint import footprint
from tests.history.history import Footprint, History, ModelCall, Reading, StatusSeen, Submission
from tests.history.http import Http
from tests.history.journeys import JOURNEYS
from tests.history.readers import Reader
from tests.history.rows import Rows
from tests.history.walk import Walk
from tests.history.world import Member, World
from tests.history.writers import Writer, insist
from workflows import services

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 60.0
"""How long the work that is left may take once nothing is harmed any more."""
REST_SECONDS = 15.0
EXERCISES = 24
"""As many as a process has connections to the database."""
STAGES = {"workflow_plan": "plan", "node_agents": "agents", "node_result": "execute", None: "agent"}
"""The demo model counts by the schema that was asked for; the ledger's keys begin with the stage."""


@dataclass(frozen=True)
class Plan:
    """How large a run is."""

    seed: int
    seconds: float
    writers: int = 16
    readers: int = 100
    clients: int = 6
    sessions: int = 4
    walk: int = 0
    """A worker is killed at every so manieth event of a generation and of an execution; 0: at none."""


class Recorder:
    """Runs a plan on a world."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.history = History()
        self.faults: list[Fault] = []
        self.boundaries: dict[str, int] = {}
        self._walked: list[Reading] = []
        self._world = world
        self._plan = plan
        self._rows = Rows(world.engines.postgres.url)
        self._statuses: list[StatusSeen] = []

    async def record(self) -> None:
        caller = await sync_to_async(_local_caller)()
        async with Http(self._world.urls) as http:
            await self._exercise(http)
            before = [await self._rested(member) for member in self._world.members]
            self.history.before = {held.process.partition("-")[0]: held for held in before}
            if self._plan.walk:
                await self._walk(http, caller)
            await self._run(http, caller)
            self.history.answers = http.answers
            await self._exercise(http)
            await self._note_rest()
        await self._note_calls()

    async def _walk(self, http: Http, caller: Caller) -> None:
        reader = Reader("walker", self._plan.seed, http, [], self._statuses)
        for name, submit in JOURNEYS.items():
            walk = Walk(self._world, partial(submit, caller), reader, stride=self._plan.walk)
            await walk.run()
            self.boundaries[name] = walk.boundaries
            self._walked += walk.readings

    async def _run(self, http: Http, caller: Caller) -> None:
        plan = self._plan
        sessions = [await sync_to_async(services.open_session)(caller) for _ in range(plan.sessions)]
        agent = await sync_to_async(services.give_first_agent)(caller.group)
        rivals = ThreadPoolExecutor(4, "rival")
        crowd = Crowd(plan.seed, caller, agent, sessions, http, statuses=self._statuses)
        crowd.gather(plan.writers, plan.clients, plan.readers, rivals)
        stopping = asyncio.Event()
        threads_stopping = threading.Event()
        async with AsyncExitStack() as cleanup:
            cleanup.callback(rivals.shutdown, wait=False)
            cleanup.callback(threads_stopping.set)
            written = [_on_thread(writer, threads_stopping) for writer in crowd.writers]
            asked = [asyncio.create_task(client.run(stopping)) for client in crowd.clients]
            read = [asyncio.create_task(reader.run(stopping)) for reader in crowd.readers]
            lanes = schedule(plan.seed, plan.seconds)
            harm = [asyncio.create_task(inflict(self._world, lane, plan.seconds)) for lane in lanes]
            await _first_error([*asked, *read, *harm, *written], plan.seconds)
            self.faults = sorted((fault for done in await asyncio.gather(*harm) for fault in done), key=lambda f: f.at)
            logger.info("the load ends; %d streams so far", len(crowd.streams))
            await asyncio.to_thread(self._world.mend)
            stopping.set()
            threads_stopping.set()
            await asyncio.gather(*asked, *written)
            crowd.conversations.are_over = True
            logger.info("nothing more is asked or written")
            await self._settled()
            for session in sessions:
                await sync_to_async(insist)(services.close_session, session)
            logger.info("everything has ended; the readers read on")
            await asyncio.wait(read, timeout=SETTLE_SECONDS)
            for task in read:
                task.cancel()
        self._note_work(crowd)

    async def _settled(self) -> None:
        """Until every task has ended, or the time for it is over; then the judge says which has not."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._rows.unfinished() and time.monotonic() < deadline:
            await asyncio.sleep(0.1)

    def _note_work(self, crowd: Crowd) -> None:
        history = self.history
        history.rows, history.tasks = self._rows.events(), self._rows.tasks()
        history.readings = [*self._walked, *crowd.readings]
        history.statuses = self._statuses
        history.intents = [intent for writer in crowd.writers for intent in writer.intents]
        stored = self._rows.stored()
        history.submissions = [
            Submission(key, tuple(tasks), stored[key])
            for client in crowd.clients
            for key, tasks in client.answered.items()
        ]

    async def _note_calls(self) -> None:
        """What the demo model counted, for each goal that has a ledger or could have one."""
        calls: list[ModelCall] = []
        async with aiohttp.ClientSession() as model:
            for goal in {task.goal for task in self.history.tasks}:
                async with model.get(f"{self._world.model_url}/calls", params={"goal": goal}) as response:
                    for call in (await response.json())["calls"]:
                        stage = STAGES[call["schema_name"]]
                        calls.append(ModelCall(goal, stage, call["digest"], call["started"], call["finished"]))
        self.history.model_calls = calls

    async def _exercise(self, http: Http) -> None:
        """A little of everything at both processes, so that pools are as full before as after."""

        async def ask(side: int, number: int) -> None:
            body = {"goal": f"Exercise {time.monotonic_ns()} {number}", "llm_config": {"model": "demo"}}
            async with http.post(side, "/stream/workflow/generate", json=body) as response:
                stream = (await response.json())["stream_url"]
            async with http.get(side, stream) as response:
                await response.read()

        await asyncio.gather(*(ask(number % 2, number) for number in range(EXERCISES)))

    async def _note_rest(self) -> None:
        self.history.after = [await self._rested(member) for member in self._world.members]
        deadline = time.monotonic() + REST_SECONDS
        while (forgotten := self._rows.forgotten_transactions()) and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        self.history.left_behind = forgotten
        log = self._world.engines.folder / "logs" / "postgres.log"
        self.history.deadlocks = log.read_text(errors="replace").count("deadlock detected")

    async def _rested(self, member: Member) -> Footprint:
        """The process's footprint once its clients' connections are gone, or as it is after a while."""
        deadline = time.monotonic() + REST_SECONDS
        while (held := footprint(self._world, member)).clients and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        return held


def _local_caller() -> Caller:
    return Caller(user=User.objects.get(username=LOCAL_NAME), group=Group.objects.get(name=LOCAL_NAME), via="local")


def _on_thread(writer: Writer, stopping: threading.Event) -> "asyncio.Future[None]":
    done: Future[None] = Future()

    def run() -> None:
        try:
            writer.run(stopping)
            done.set_result(None)
        except BaseException as error:  # handed to whoever waits for this writer
            done.set_exception(error)

    threading.Thread(target=run, name="writer", daemon=True).start()
    return asyncio.wrap_future(done)


async def _first_error(work: Iterable["asyncio.Future[Any]"], seconds: float) -> None:
    """Wait that long; sooner if something fails, which is then raised: the checker's own defects must not pass."""
    done, _ = await asyncio.wait(list(work), timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for future in done:
        future.result()
