"""One reader of one stream."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING

from django.conf import settings

from sessions.callers import Caller
from sessions.tickets import Admission
from workflows.measures import MEASURES
from workflows.streaming.frames import View
from workflows.streaming.log import PAGE

if TYPE_CHECKING:
    from workflows.streaming.feed import Feed

CHUNK_BYTES = 256_000


class Subscription:
    """Replays rows from an id on, then goes live: its feed hands it bytes, which wait here for the connection.

    It reads from the rows again whenever its connection is slower than the feed, so that its memory is bounded
    and it loses nothing. A connection that takes nothing at all is cut off by the hub (`is_stalled`).
    """

    __slots__ = (
        "_closing", "_ended", "_enter", "_farewell", "_live", "_opening", "_queue", "_size", "_wake", "abort",
        "admission", "caller", "feed", "position", "sending_since", "silent_since", "taken", "view",
    )  # fmt: skip

    def __init__(
        self,
        enter: Callable[["Subscription"], "Feed"],
        view: View,
        after: int,
        opening: bytes,
        abort: Callable[[], None],
        caller: Caller | None = None,
        admission: Admission | None = None,
    ) -> None:
        self.view = view
        self.abort = abort
        self.caller = caller
        self.admission = admission
        self.position = after
        """The last id that is queued here or was handed on."""
        self.taken = after
        """The last id that was handed to the connection."""
        self.sending_since: float | None = None
        self.silent_since = 0.0
        self._enter = enter
        self._opening = opening
        self._farewell = b""
        self._queue: deque[tuple[int, bytes]] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self._live = False
        self._ended = False
        self._closing = False

    @property
    def ended(self) -> bool:
        """The stream's closing event was handed on, as opposed to: the server is shutting down."""
        return self._ended and not self._queue

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Bytes for the connection, until the stream ends or the hub closes."""
        clock = asyncio.get_running_loop().time
        self.silent_since = clock()
        self.feed = self._enter(self)
        MEASURES.open_streams += 1
        try:
            while (chunk := await self._next()) is not None:
                self.sending_since = clock()
                yield chunk
                self.sending_since = None
                self.silent_since = clock()
        finally:
            MEASURES.open_streams -= 1
            self.feed.leave(self)

    def offer(self, joined: bytes, frames: Sequence[tuple[int, bytes]], *, ends: bool) -> None:
        """Take the feed's newest frames; `joined` are the bytes of all of them."""
        if frames[0][0] <= self.position:
            joined = b"".join(frame for id, frame in frames if id > self.position)
        self.position = max(self.position, frames[-1][0])
        self._ended = self._ended or ends
        if joined:
            self._push(joined)
        elif ends:
            self._wake.set()

    def beat(self) -> None:
        if self._live and not self._queue:
            self._push(self.view.format.heartbeat)

    def close(self) -> None:
        """End the response in good order; the client will come back to another process."""
        self._closing = True
        self._wake.set()

    def dismiss(self) -> None:
        """End the response for good: a newer connection has its ticket."""
        self._farewell = self.view.format.dismissal
        self.close()

    async def _next(self) -> bytes | None:
        if self._opening:
            opening, self._opening = self._opening, b""
            return opening
        while not self._closing:
            if self._queue:
                return self._take()
            if self._ended:
                return None
            if self._live:
                self._wake.clear()
                await self._wake.wait()
            elif page := await self._replay():
                return page
        farewell, self._farewell = self._farewell, b""
        return farewell or None

    async def _replay(self) -> bytes:
        """The next page of rows; goes live where the rows end."""
        await self.feed.wait_until_joined()
        rows, ends = await self.feed.read(self.position)
        key = self.feed.key
        frames = [frame for row in rows if (frame := self.view.encode(key, row))]
        MEASURES.frames += len(frames)
        page = b"".join(frames)
        if rows:
            self.position = self.taken = rows[-1].number_in(key)
            self._ended = ends
        if len(rows) < PAGE and not self._ended:
            self._live = self.feed.go_live(self)
        return page

    def _push(self, data: bytes) -> None:
        self._queue.append((self.position, data))
        self._size += len(data)
        if self._size > settings.STREAM_BUFFER_BYTES:
            self._fall_back()
        self._wake.set()

    def _fall_back(self) -> None:
        """Forget what waits, and read it from the rows once the connection has taken the rest."""
        self.feed.leave_live(self)
        self._live = self._ended = False
        self._queue.clear()
        self._size = 0
        self.position = self.taken

    def _take(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        while self._queue and size < CHUNK_BYTES:
            self.taken, data = self._queue.popleft()
            parts.append(data)
            size += len(data)
        self._size -= size
        return b"".join(parts)
