"""Tells the web processes, after commit, that there are new events, and what they hold.

A hint, not the truth: whoever misses one finds the rows. So nothing here may delay or fail a write: a thread with a
loop of its own sends, with short timeouts, and drops what it cannot send.
"""

import asyncio
import json
import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from workflows.models.stream import EventRow, StreamKey

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Announcements kept while the channel layer does not answer. Beyond, the oldest go: hubs ask once a second anyway."""
MAX_ROWS_BYTES = 64_000
"""A larger message goes out without its rows; the hub fetches them."""
SEND_TIMEOUT = 2.0
"""Seconds."""


def announce(events: Sequence[EventRow]) -> None:
    """Announce events that were committed together, one message a stream."""
    streams: dict[StreamKey, list[EventRow]] = {}
    for event in events:
        if event.task_id:
            streams.setdefault(StreamKey("task", event.task_id), []).append(event)
        if event.session_id:
            streams.setdefault(StreamKey("session", event.session_id), []).append(event)
    for key, told in streams.items():
        rows = json.dumps([event.to_list() for event in told], ensure_ascii=False, separators=(",", ":"))
        message = {
            "type": "events",
            "kind": key.kind,
            "id": str(key.id),
            "last": told[-1].number_in(key),
            "rows": rows if len(rows) <= MAX_ROWS_BYTES else None,
        }
        _announcer.put(key.group, message)


class _Announcer:
    """The one thread of this process that talks to the channel layer about events."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MAX_WAITING)
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event
        self._answers = True

    def put(self, group: str, message: dict[str, Any]) -> None:
        self._waiting.append((group, message))
        loop = self._loop or self._start()
        loop.call_soon_threadsafe(self._wake.set)

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
            while self._waiting:
                await self._send(*self._waiting.popleft())

    async def _send(self, group: str, message: dict[str, Any]) -> None:
        try:
            await asyncio.wait_for(get_channel_layer().group_send(group, message), SEND_TIMEOUT)
        except (RedisError, OSError, TimeoutError) as error:
            if self._answers:
                logger.warning("The channel layer does not answer (%s); streams go on by polling", type(error).__name__)
            self._answers = False
        else:
            self._answers = True


_announcer = _Announcer()
