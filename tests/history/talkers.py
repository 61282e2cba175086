"""Clients who talk with an agent over AgentArea's API: turn after turn, by JSON or with the stream as the answer."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp

from tests.history.clients import Client
from tests.history.conversations import ConversationReader, Conversations
from tests.history.history import Reading, Stream
from tests.history.http import Http
from tests.history.readers import SILENCE_SECONDS

MODELS = ("demo", "demo", "demo-slow-0.5s", "demo-429", "demo-500", "demo-cut", "demo-slow-0.3s+cut", "demo-401")
QUESTIONS = ("What is (17 + 4) * 2?", "Say hello", "What is 3 * 4, and what is 5 - 2?")


class Talker(Client):
    """Holds one conversation after the other."""

    def __init__(
        self,
        name: str,
        seed: int,
        http: Http,
        streams: list[Stream],
        agent: str,
        conversations: Conversations,
    ) -> None:
        super().__init__(name, seed, http, streams, [])
        self.readings: list[Reading] = []
        self._agent = agent
        self._conversations = conversations
        self._reader = _Listener(name, seed, http, streams, [], conversations)
        self._stopping = asyncio.Event()

    async def run(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        await super().run(stopping)

    async def _ask_once(self) -> None:
        chance = self._chance
        self._asked += 1
        key = f"{self._name}/{self._asked}"
        parameters = {"enable_streaming": chance.random() < 0.7, "model": chance.choice(MODELS), "timeout": 120}
        reading = Reading(self._name, Stream("thread", "", agent=self._agent), "POST's stream")
        body = {"description": self._question(key), "parameters": parameters}
        listens = chance.random() < 0.4
        self.answered[key] = [await self._insist(lambda side: self._begin(side, body, key, reading, listens))]
        conversation = reading.stream
        self._streams.append(conversation)
        if listens:
            self.readings.append(reading)
            self._conversations.begun.append(reading)
        turns = 1
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(chance.uniform(0.0, 0.8))
            if self._stopping.is_set():
                break
            turns += 1
            await self._go_on(conversation, f"{key}/{turns}")
        self._conversations.turns[conversation.id] = turns

    async def _go_on(self, conversation: Stream, key: str) -> None:
        """The next turn, which some withdraw, also while it waits for the one before it."""
        path, body = f"{conversation.conversation}/execute", {"query": self._question(key)}
        turn = await self._insist(lambda side: self._post(side, path, body, key))
        self.answered[key] = [turn]
        self._streams.append(Stream("task", turn, native=True))
        if self._chance.random() < 0.15:
            await self._insist(lambda side: self._cancel(side, turn))

    async def _begin(self, side: int, body: dict[str, Any], key: str, reading: Reading, listens: bool) -> str | None:
        """A new conversation, whose stream the reading then has, and what of it was told."""
        headers = {"Idempotency-Key": key, **({"Accept": "text/event-stream"} if listens else {})}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=SILENCE_SECONDS)
        path = f"/api/v1/agents/{self._agent}/tasks"
        async with self._http.post(side, path, json=body, headers=headers, timeout=timeout) as response:
            await self._http.note("POST task", response)
            if response.status != 200:
                return None
            if listens:
                with suppress(aiohttp.ClientError, OSError, TimeoutError):
                    await self._reader.take(reading, response)
            else:
                reading.stream = replace(reading.stream, id=(await response.json())["id"])
            turn: str = response.headers["X-Task-Id"]
            return turn if reading.stream.id else None

    def _question(self, key: str) -> str:
        return f"{self._chance.choice(QUESTIONS)} ({key})"


class _Listener(ConversationReader):
    """Takes the stream that answers a POST, from which it learns whose it is."""

    async def _greeted(self, reading: Reading, body: dict[str, Any]) -> None:
        reading.stream = replace(reading.stream, id=body["task_id"])
