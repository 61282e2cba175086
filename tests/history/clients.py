"""Clients who ask for generations and executions: blocking, as task streams and in sessions, with faulty models, some
sent three times under one key, some cancelled."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from tests.history.history import Stream
from tests.history.http import Http
from tests.history.journeys import diamond

MODELS = (
    "demo", "demo", "demo-slow-0.5s", "demo-slow-1s", "demo-429", "demo-500", "demo-cut", "demo-dirty-json",
    "demo-bad-json", "demo-slow-0.3s+cut", "demo-401", "demo-wrong-schema-always", "demo-flood",
)  # fmt: skip
GOALS = ("Sort the mail, then answer it", "Measure the wind and the rain, then draw a chart", "Plan a garden")
TIMEOUT_SECONDS = 120
BLOCKING_SECONDS = 90.0
"""After which a client stops waiting, and asks again with its key."""


class Client:
    """Asks for one task after the other. Every request has a key, so that it can be sent again after a fault."""

    def __init__(self, name: str, seed: int, http: Http, streams: list[Stream], sessions: list[str]) -> None:
        self.answered: dict[str, list[str]] = {}
        """By Idempotency-Key: the tasks that the answers named."""
        self._name = name
        self._chance = random.Random(f"{seed}/{name}")
        self._http = http
        self._streams = streams
        self._sessions = sessions
        self._asked = 0

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            await self._ask_once()
            await asyncio.sleep(self._chance.uniform(0.0, 0.6))

    async def _ask_once(self) -> None:
        chance = self._chance
        self._asked += 1
        key = f"{self._name}/{self._asked}"
        job = chance.choice(("generate", "execute"))
        goal = f"{chance.choice(GOALS)} ({key})"
        asked = {"goal": goal} if job == "generate" else {"workflow_graph": diamond(goal)}
        body = {**asked, "llm_config": {"model": chance.choice(MODELS)}, "timeout": 120}
        session = chance.choice(self._sessions) if self._sessions else ""
        path = chance.choice(["", "/stream", f"/client/{session}"]) + f"/workflow/{job}"
        times = 3 if chance.random() < 0.3 else 1
        sent = [self._insist(lambda side: self._post(side, path, body, key)) for _ in range(times)]
        tasks = await asyncio.gather(*sent)
        self.answered[key] = tasks
        if not path.startswith("/workflow"):
            self._streams.append(Stream("task", tasks[0], native=chance.random() < 0.6))
            if chance.random() < 0.15:
                await asyncio.sleep(chance.uniform(0.0, 0.5))
                await self._insist(lambda side: self._cancel(side, tasks[0]))

    async def _post(self, side: int, path: str, body: dict[str, Any], key: str) -> str | None:
        timeout = aiohttp.ClientTimeout(total=BLOCKING_SECONDS)
        headers = {"Idempotency-Key": key}
        async with self._http.post(side, path, json=body, headers=headers, timeout=timeout) as response:
            await self._http.note(f"POST /{path.split('/')[1]}", response)
            task: str | None = response.headers.get("X-Task-Id")
            return task

    async def _cancel(self, side: int, task: str) -> str | None:
        async with self._http.post(side, f"/api/v1/tasks/{task}/cancel") as response:
            await self._http.note("POST cancel", response)
            return task if response.status in (200, 409) else None

    async def _insist(self, send: Callable[[int], Awaitable[str | None]]) -> str:
        """Send it to one process and the other until it is answered."""
        side = self._chance.randrange(2)
        while True:
            try:
                if answer := await send(side):
                    return answer
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass  # the process is being harmed; the other one may answer
            side = 1 - side
            await asyncio.sleep(0.1)
