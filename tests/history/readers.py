"""Readers of streams who leave, come back to another process, read slowly, and forget nothing that they received."""

import asyncio
import random
from typing import Any

import aiohttp

from tests.history.history import CLOSING_FRAMES, Reading, StatusSeen, Stream, Told
from tests.history.http import Http
from tests.history.wire import JsonLines, ServerSentEvents, digest_of

SILENCE_SECONDS = 15.0
"""A stream that says nothing for so long, not even a heartbeat, is given up and asked for again."""

ENOUGH_TO_CHOOSE = 16
"""Streams, before the first reader begins: sessions are there from the start, and not all should read these."""

GREETINGS = frozenset({"connected", "heartbeat"})
"""Frames of AgentArea that are no rows and have no id."""


class Reader:
    """Reads one stream after the other, each to its end."""

    def __init__(self, name: str, seed: int, http: Http, streams: list[Stream], statuses: list[StatusSeen]) -> None:
        self.readings: list[Reading] = []
        self._name = name
        self._chance = random.Random(f"{seed}/{name}")
        self._http = http
        self._streams = streams
        self._statuses = statuses
        self._side = self._chance.randrange(2)

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; what was begun is read to its end."""
        while not stopping.is_set():
            if len(self._streams) < ENOUGH_TO_CHOOSE:
                await asyncio.sleep(0.05)
                continue
            reading = Reading(self._name, self._choose())
            self.readings.append(reading)
            await self.read(reading)

    def _choose(self) -> Stream:
        """Some sit with a session to the end; most take tasks, mostly young ones, to read while they are written."""
        sessions = [stream for stream in self._streams if stream.kind == "session"]
        tasks = [stream for stream in self._streams if stream.kind == "task"]
        if not tasks or (sessions and self._chance.random() < 0.1):
            return self._chance.choice(sessions or tasks)
        return self._young(tasks)

    def _young(self, streams: list[Stream]) -> Stream:
        return self._chance.choice(streams[-16:] if self._chance.random() < 0.8 else streams)

    async def read(self, reading: Reading) -> None:
        """Read its stream to the end, over as many connections as it takes."""
        while not reading.finished:
            self._side = 1 - self._side
            reading.connections += 1
            try:
                await self._connect(reading)
            except (aiohttp.ClientError, OSError, TimeoutError):
                await self._breathe()

    async def _connect(self, reading: Reading, **query: str) -> None:
        """One connection: to the end of the stream, of the server, or of the reader's patience."""
        lines = self._chance.random() < 0.2
        headers = {"Accept": "application/x-ndjson" if lines else "text/event-stream"}
        if reading.told:
            headers["Last-Event-ID"] = reading.stream.written(reading.told[-1].id or 0)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=SILENCE_SECONDS)
        async with self._http.get(
            self._side, reading.stream.path, params=query, headers=headers, timeout=timeout
        ) as response:
            if response.status == 200:
                await self.take(reading, response)
                return
            self._nothing_follows(reading, response.status)
            await self._http.note("GET stream", response)
            await self._breathe()

    async def take(self, reading: Reading, response: aiohttp.ClientResponse) -> None:
        """What a connection tells, as far as this reader has patience for it."""
        patience = self._chance.randrange(1, 60) if self._chance.random() < 0.6 else None
        is_slow = self._chance.random() < 0.1
        frames = JsonLines() if response.content_type == "application/x-ndjson" else ServerSentEvents()
        count = 0
        while data := await response.content.read(512 if is_slow else 2**16):
            for id, name, body in frames.take(data):
                if name in GREETINGS:
                    await self._greeted(reading, body)
                    continue
                digest = digest_of(body["data"]) if reading.stream.shows_data and id is not None else ""
                reading.told.append(Told(id, name, digest))
                reading.finished = name in CLOSING_FRAMES and reading.stream.kind != "thread"
                count += 1
                await self._ask_for_status(reading)
                if reading.finished or count == patience:
                    return
            if is_slow:
                await asyncio.sleep(0.02)

    async def _greeted(self, reading: Reading, body: dict[str, Any]) -> None:
        """A stream has said that it is there."""

    def _nothing_follows(self, reading: Reading, status: int) -> None:
        """The stream was not opened: what it told ended it, or this server is in trouble."""
        reading.finished = status == 204

    async def _breathe(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.05, 0.3))

    async def _ask_for_status(self, reading: Reading) -> None:
        """Now and then, and at the end, see that the task is not behind its event."""
        last = reading.told[-1]
        if reading.stream.kind != "task" or last.id is None:
            return
        if not reading.finished and self._chance.random() > 0.02:
            return
        try:
            path = f"/api/v1/tasks/{reading.stream.id}"
            async with self._http.get(1 - self._side, path, timeout=aiohttp.ClientTimeout(total=5)) as response:
                await self._http.note("GET task", response)
                if response.status == 200:
                    task = await response.json()
                    self._statuses.append(StatusSeen(reading.stream.id, last.id, task["status"], task["last_seq"]))
        except (aiohttp.ClientError, OSError, TimeoutError):
            return  # the process was just being harmed; another sample will be had
