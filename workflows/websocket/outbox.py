"""What the server sends: one message after the other, however many want to send."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from workflows.exceptions import EvoserverError, TooMany, Unavailable
from workflows.http.errors import detail_of

MESSAGE_BYTES: Final = 128_000
"""Of frames in one message, unless a single one is larger. Clients' libraries take a megabyte, or somewhat less."""
MAX_REASON_BYTES: Final = 123
"""Of a closing (RFC 6455, section 5.5)."""
CLOSED_BY: Final = 4000
"""Codes of closings are HTTP's statuses from here on (RFC 6455, section 7.4.2: 4000 to 4999 are an application's)."""


class Disconnected(Exception):
    """The connection is closed, by whichever side."""


class Outbox:
    """Waits while the client does not read. Who sends has its turn before anybody sends twice.

    All that send raise Disconnected.
    """

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._silent_since = asyncio.get_running_loop().time()
        self._send = send
        self._line = asyncio.Lock()  # It serves those who wait in the order in which they came.
        self._closed = False

    @property
    def silence(self) -> float:
        """Seconds since the last message."""
        return asyncio.get_running_loop().time() - self._silent_since

    async def put(self, type: str, **fields: Any) -> None:
        """One message. Fields that are None are left out."""
        given = {name: value for name, value in fields.items() if value is not None}
        await self._put(json.dumps({"type": type, **given}, separators=(",", ":")))

    async def put_error(self, id: str | None, error: EvoserverError) -> None:
        """As HTTP would tell it, with its status."""
        retry = error.retry_after if isinstance(error, TooMany | Unavailable) else None
        await self.put("error", id=id, status=error.status, detail=detail_of(error), retry_after=retry)

    async def put_frames(self, id: str, chunk: bytes) -> None:
        """The frames of a chunk of JSON lines, byte for byte."""
        head = json.dumps({"type": "events", "id": id}, separators=(",", ":"))[:-1].encode()
        for frames in _batches(chunk):
            await self._put((head + b',"events":[' + b",".join(frames) + b"]}").decode("ascii"))

    async def close(self, status: int, reason: str) -> None:
        """End the connection for what HTTP would answer with that status."""
        cut = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        async with self._line:
            await self._give({"type": "websocket.close", "code": CLOSED_BY + status, "reason": cut})
            self._closed = True

    async def _put(self, text: str) -> None:
        async with self._line:
            await self._give({"type": "websocket.send", "text": text})
            self._silent_since = asyncio.get_running_loop().time()

    async def _give(self, event: dict[str, Any]) -> None:
        if self._closed:
            raise Disconnected
        try:
            await self._send(event)
        except OSError:  # so says the server that the client has left
            self._closed = True
            raise Disconnected from None


def _batches(chunk: bytes) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in chunk.split(b"\n"):
        if batch and size + len(line) > MESSAGE_BYTES:
            yield batch
            batch, size = [], 0
        if line:
            batch.append(line)
            size += len(line)
    if batch:
        yield batch
