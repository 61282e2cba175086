"""Readers of streams who leave, come back to another process, read slowly, and forget nothing that they received."""

import asyncio
import hashlib
import json
import random
from collections.abc import Iterator
from typing import Any

import aiohttp

from tests.history.history import CLOSING_FRAMES, Reading, StatusSeen, Stream, Told
from tests.history.http import Http

SILENCE_SECONDS = 15.0
"""A stream that says nothing for so long, not even a heartbeat, is given up and asked for again."""

ENOUGH_TO_CHOOSE = 16
"""Streams, before the first reader begins: sessions are there from the start, and not all should read these."""


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
        return self._chance.choice(tasks[-16:] if self._chance.random() < 0.8 else tasks)

    async def read(self, reading: Reading) -> None:
        """Read its stream to the end, over as many connections as it takes."""
        while not reading.finished:
            self._side = 1 - self._side
            reading.connections += 1
            try:
                await self._connect(reading)
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(self._chance.uniform(0.05, 0.3))

    async def _connect(self, reading: Reading) -> None:
        """One connection: to the end of the stream, of the server, or of the reader's patience."""
        chance = self._chance
        lines = chance.random() < 0.2
        patience = chance.randrange(1, 60) if chance.random() < 0.6 else None
        is_slow = chance.random() < 0.1
        headers = {"Accept": "application/x-ndjson" if lines else "text/event-stream"}
        if reading.told:
            headers["Last-Event-ID"] = str(reading.told[-1].id)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=SILENCE_SECONDS)
        async with self._http.get(self._side, reading.stream.path, headers=headers, timeout=timeout) as response:
            if response.status != 200:
                reading.finished = response.status == 204
                await self._http.note("GET stream", response)
                await asyncio.sleep(chance.uniform(0.05, 0.3))
                return
            frames = JsonLines() if lines else ServerSentEvents()
            count = 0
            while data := await response.content.read(512 if is_slow else 2**16):
                for id, name, body in frames.take(data):
                    reading.told.append(Told(id, name, digest_of(body["data"]) if "seq" in body else ""))
                    reading.finished = name in CLOSING_FRAMES
                    count += 1
                    await self._ask_for_status(reading)
                    if reading.finished or count == patience:
                        return
                if is_slow:
                    await asyncio.sleep(0.02)

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


class ServerSentEvents:
    """WHATWG HTML, "Server-sent events", as far as our server uses it. A frame that is cut short does not count."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> Iterator[tuple[int | None, str, dict[str, Any]]]:
        """The frames that are whole now: id, name, data."""
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        for block in blocks:
            fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line and line[:1] != b":")
            if b"data" in fields:
                id = int(fields[b"id"]) if b"id" in fields else None
                yield id, fields[b"event"].decode(), json.loads(fields[b"data"])


class JsonLines:
    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> Iterator[tuple[int | None, str, dict[str, Any]]]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in filter(None, lines):
            frame = json.loads(line)
            yield frame.get("id"), frame["event"], frame["data"]


def digest_of(data: object) -> str:
    """Of an event's data, the same for a row and for the frame that shows it."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
