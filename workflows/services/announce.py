"""Tells the web processes, after commit, that there are new events, and what they hold.

A hint, not the truth: whoever misses one finds the rows. So nothing here may delay or fail a write: a thread with a
loop of its own sends, with short timeouts, and drops what it cannot send.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from workflows.models.stream import EventRow, StreamKey

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Streams whose announcements are kept while the channel layer does not answer. Beyond, the oldest go: hubs ask once a
second anyway."""
MAX_ROWS_BYTES = 64_000
"""A larger message goes out without its rows; the hub fetches them."""
MAX_ROWS = 500
SEND_TIMEOUT = 2.0
"""Seconds."""


def announce(events: Sequence[EventRow]) -> None:
    """Announce events that were committed together, one message a stream."""
    streams: dict[StreamKey, list[EventRow]] = {}
    for event in events:
        for key in event.streams():
            streams.setdefault(key, []).append(event)
    for key, told in streams.items():
        _announcer.put(key, told)


@dataclass
class Announcement:
    """What is new on a stream: up to which id, and the rows, if they follow one another."""

    key: StreamKey
    last: int
    rows: list[EventRow]

    def add(self, events: Sequence[EventRow]) -> None:
        """Take in a later commit. Two threads may bring theirs in the wrong order; then the hub has to read."""
        follows = events[0].number_in(self.key) == self.last + 1
        self.rows = [*self.rows, *events] if follows and self.rows and len(self.rows) < MAX_ROWS else []
        self.last = max(self.last, events[-1].number_in(self.key))

    def message(self) -> dict[str, Any]:
        rows = json.dumps([event.to_list() for event in self.rows], ensure_ascii=False, separators=(",", ":"))
        return {
            "type": "events",
            "kind": self.key.kind,
            "id": str(self.key.id),
            "last": self.last,
            "rows": rows if self.rows and len(rows) <= MAX_ROWS_BYTES else None,
        }


class _Announcer:
    """The one thread of this process that talks to the channel layer about events.

    While a message is under way, what is new on a stream gathers: the busier the server, the fewer messages an event.
    """

    def __init__(self) -> None:
        self._waiting: dict[StreamKey, Announcement] = {}
        self._changing = threading.Lock()
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event
        self._answers = True

    def put(self, key: StreamKey, events: Sequence[EventRow]) -> None:
        with self._changing:
            if waiting := self._waiting.get(key):
                waiting.add(events)
            else:
                self._waiting[key] = Announcement(key, events[-1].number_in(key), list(events))
            if len(self._waiting) > MAX_WAITING:
                del self._waiting[next(iter(self._waiting))]
        loop = self._loop or self._start()
        loop.call_soon_threadsafe(self._wake.set)

    def _take(self) -> Announcement | None:
        with self._changing:
            return self._waiting.pop(next(iter(self._waiting))) if self._waiting else None

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                self._wake = asyncio.Event()
                threading.Thread(
                    target=loop.run_until_complete,
                    args=[self._send_for_ever()],
                    name="announcer",
                    daemon=True,
                ).start()
                self._loop = loop
            return self._loop

    async def _send_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while announcement := self._take():
                await self._send(announcement)

    async def _send(self, announcement: Announcement) -> None:
        sending = get_channel_layer().group_send(announcement.key.group, announcement.message())
        try:
            await asyncio.wait_for(sending, SEND_TIMEOUT)
        except (RedisError, OSError, TimeoutError) as error:
            if self._answers:
                logger.warning("The channel layer does not answer (%s); streams go on by polling", type(error).__name__)
            self._answers = False
        else:
            self._answers = True


_announcer = _Announcer()
