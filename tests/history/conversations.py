"""Readers of conversations, by AgentArea's streams and pages: live, late, and across the seam between the two."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.history.history import RUN_ENDINGS, Reading, StatusSeen, Stream, Told, Way
from tests.history.http import Http
from tests.history.readers import Reader
from tests.history.wire import digest_of, number_of

WAYS: dict[Way, int] = {"stream": 5, "pages": 2, "pages, then live": 4}
"""And how often each is chosen beside the others."""
LARGEST_PAGE = 100


@dataclass
class Conversations:
    """What those who hold conversations and those who read them know of them."""

    turns: dict[str, int] = field(default_factory=dict)
    """Of those that get no further turn: how many they have."""
    begun: list[Reading] = field(default_factory=list)
    """Streams that came with a POST, and of which somebody has to read the rest."""
    are_over: bool = False
    """Nobody begins another one."""


class ConversationReader(Reader):
    """Reads one conversation after the other, to the end of its last turn. At a turn's end nothing follows (204), until
    there is another one; so it comes back as long as there may be."""

    def __init__(
        self,
        name: str,
        seed: int,
        http: Http,
        streams: list[Stream],
        statuses: list[StatusSeen],
        conversations: Conversations,
    ) -> None:
        super().__init__(name, seed, http, streams, statuses)
        self._conversations = conversations
        self._is_over = False
        self._pages: list[Told] | None = None
        """All there were once a stream was open that is to tell only what is new."""

    async def run(self, stopping: asyncio.Event) -> None:
        begun = self._conversations.begun
        while begun or not self._conversations.are_over:
            threads = [stream for stream in self._streams if stream.kind == "thread"]
            if begun:
                await self.read(begun.pop())
            elif threads and not stopping.is_set():
                way = self._chance.choices(list(WAYS), list(WAYS.values()))[0]
                reading = Reading(self._name, self._young(threads), way)
                self.readings.append(reading)
                await self.read(reading)
            else:
                await asyncio.sleep(0.05)

    async def read(self, reading: Reading) -> None:
        match reading.way:
            case "pages":
                await self._turn_pages(reading)
            case "pages, then live":
                await self._read_across(reading)
            case _:
                await super().read(reading)

    async def _connect(self, reading: Reading, **query: str) -> None:
        self._is_over = reading.stream.id in self._conversations.turns
        await super()._connect(reading, **query)

    def _nothing_follows(self, reading: Reading, status: int) -> None:
        reading.finished = status == 204 and self._is_over

    async def _turn_pages(self, reading: Reading) -> None:
        """Page after page, also while they are being filled."""
        size = self._chance.choice([2, self._chance.randrange(1, LARGEST_PAGE)])
        while not reading.finished:
            full, taken = divmod(len(reading.told), size)
            try:
                told, _ = await self._page(reading.stream, full + 1, size)
            except (aiohttp.ClientError, OSError, TimeoutError):
                told = []
            reading.told += told[taken:]
            ended = sum(told.name in RUN_ENDINGS for told in reading.told)
            reading.finished = ended == self._conversations.turns.get(reading.stream.id)
            if not told[taken:]:
                await self._breathe()

    async def _read_across(self, reading: Reading) -> None:
        """The pages, then a stream of what is new, then the pages again: what lies between is in these."""
        live = Reading(self._name, reading.stream, reading.way)
        known: list[Told] = []
        while not reading.finished:
            self._side = 1 - self._side
            reading.connections += 1
            try:
                if not live.told:
                    known, self._pages = await self._all_pages(reading.stream), None
                await self._connect(live, include_history="false")
                if live.finished:
                    pages = self._pages or await self._all_pages(reading.stream)
                    reading.told = joined(known, pages, live.told)
                    reading.finished = True
            except (aiohttp.ClientError, OSError, TimeoutError):
                await self._breathe()

    async def _greeted(self, reading: Reading, body: dict[str, Any]) -> None:
        if reading.way == "pages, then live" and self._pages is None:
            self._pages = await self._all_pages(reading.stream)

    async def _all_pages(self, stream: Stream) -> list[Told]:
        told, has_next = await self._page(stream, 1, LARGEST_PAGE)
        while has_next:
            more, has_next = await self._page(stream, len(told) // LARGEST_PAGE + 1, LARGEST_PAGE)
            told += more
        return told

    async def _page(self, stream: Stream, number: int, size: int) -> tuple[list[Told], bool]:
        """A page of events, and whether there is a further one. Raises ClientError if it is not served."""
        asked = {"page": str(number), "page_size": str(size)}
        side, timeout = self._chance.randrange(2), aiohttp.ClientTimeout(total=20)
        async with self._http.get(side, f"{stream.conversation}/events", params=asked, timeout=timeout) as response:
            await self._http.note("GET events", response)
            response.raise_for_status()
            page = await response.json()
        return [_told(event) for event in page["events"]], page["has_next"]


def joined(known: Sequence[Told], pages: Sequence[Told], live: Sequence[Told]) -> list[Told]:
    """What a client has of a conversation who joins pages and a stream of what is new by their ids.

    `known`: what the pages had before the stream was opened; the stream must not tell it again. `pages`: what they had
    once it was open; of what came with both, one is enough.
    """
    was_there = {told.id for told in known}
    is_live = {told.id for told in live} - was_there
    return [*(told for told in pages if told.id not in is_live), *live]


def _told(event: dict[str, Any]) -> Told:
    ids = {name: event[name] for name in ("task_id", "agent_id", "execution_id")}
    return Told(number_of(event["id"]), event["event_type"], digest_of({**event["metadata"], **ids}))
