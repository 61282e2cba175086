"""Readers of several streams at once, over one WebSocket, who leave and come back like the others."""

import asyncio
from typing import Any

import aiohttp

from tests.history.history import CLOSING_FRAMES, Answer, Reading, Told
from tests.history.readers import ENOUGH_TO_CHOOSE, SILENCE_SECONDS, Reader
from tests.history.wire import digest_of

AT_ONCE = 5


class SocketReader(Reader):
    """Reads a few streams, all of them to their ends, and then others."""

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            if len(self._streams) < ENOUGH_TO_CHOOSE:
                await asyncio.sleep(0.05)
                continue
            readings = [
                Reading(self._name, self._choose(), "WebSocket") for _ in range(self._chance.randint(1, AT_ONCE))
            ]
            self.readings += readings
            await self._read_all(readings)

    async def _read_all(self, readings: list[Reading]) -> None:
        """Over as many connections as it takes, in turn to either process."""
        while following := {str(n): reading for n, reading in enumerate(readings) if not reading.finished}:
            self._side = 1 - self._side
            for reading in following.values():
                reading.connections += 1
            try:
                await self._talk(following)
            except (aiohttp.ClientError, OSError, TimeoutError):
                await self._breathe()

    async def _talk(self, following: dict[str, Reading]) -> None:
        """One connection: to the end of the streams, of the server, or of the reader's patience, in messages."""
        patience = self._chance.randrange(1, 100) if self._chance.random() < 0.6 else -1
        is_slow = self._chance.random() < 0.1
        self._left: set[str] = set()
        async with self._http.websocket(self._side, SILENCE_SECONDS) as socket:
            for id, reading in following.items():
                await _subscribe(socket, id, reading)
            while following and patience:
                heard = await socket.receive(timeout=SILENCE_SECONDS)
                if heard.type is not aiohttp.WSMsgType.TEXT:  # the server has closed it, or is no more
                    return
                if not await self._take(socket, following, heard.json()):
                    return
                patience -= 1
                if is_slow:
                    await asyncio.sleep(0.05)

    async def _take(
        self, socket: aiohttp.ClientWebSocketResponse, following: dict[str, Reading], message: dict[str, Any]
    ) -> bool:
        """Whether to read on."""
        reading = following.get(message.get("id", ""))
        if reading is None:  # it ended while it was being left, or nothing is meant
            return True
        if message["type"] == "error":
            is_shaped = "detail" in message and (message["status"] != 503 or "retry_after" in message)
            self._http.answers.append(Answer("subscribe", message["status"], is_shaped))
            await self._breathe()
            return False
        if message["type"] == "events":
            self._note(reading, message["events"])
            await self._ask_for_status(reading)
            if message["id"] not in self._left and self._chance.random() < 0.05:
                self._left.add(message["id"])
                await socket.send_json({"type": "unsubscribe", "id": message["id"]})
        elif message["type"] == "ended":
            reading.finished = True
            del following[message["id"]]
        elif message["type"] in ("unsubscribed", "interrupted"):
            self._left.discard(message["id"])
            await _subscribe(socket, message["id"], reading)
        return True

    def _note(self, reading: Reading, frames: list[dict[str, Any]]) -> None:
        for frame in frames:
            id, name = frame.get("id"), frame["event"]
            shows_data = reading.stream.shows_data and id is not None
            reading.told.append(Told(id, name, digest_of(frame["data"]["data"]) if shows_data else ""))
            reading.finished = name in CLOSING_FRAMES


async def _subscribe(socket: aiohttp.ClientWebSocketResponse, id: str, reading: Reading) -> None:
    place = {"last_event_id": reading.told[-1].id} if reading.told else {}
    await socket.send_json({"type": "subscribe", "id": id, "stream": reading.stream.path, **place})
