"""What one process knows of one stream, for all its readers there."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from workflows.events import TASK_ENDINGS
from workflows.measures import MEASURES
from workflows.models import EventRow, StreamKey
from workflows.streaming.frames import View
from workflows.streaming.log import PAGE, Page, closes
from workflows.streaming.subscription import Subscription

JOIN_SECONDS = 0.5


class Feed:
    """Hands the stream's new events, in order and without a gap, to the readers that are live.

    `position` is the last id handed out. Announcements that do not join it are hints to read the rows.
    """

    def __init__(
        self,
        key: StreamKey,
        read: Callable[[StreamKey, int], Awaitable[Page]],
        on_unused: Callable[["Feed"], None],
    ) -> None:
        self.key = key
        self.joining: asyncio.Task[bool] | None = None
        """The hub's way into this stream's channel-layer group; its result says whether it got in."""
        self.deadline: datetime | None = None
        self.position = 0
        self.readers: set[Subscription] = set()
        self._live: dict[View, set[Subscription]] = {}
        self._newest = 0
        self._read = read
        self._on_unused = on_unused
        self._filling: asyncio.Task[None] | None = None

    async def wait_until_joined(self) -> None:
        """Rows read after this are followed by announcements. Bounded: without Redis, the hub's poll serves."""
        if self.joining:
            await asyncio.wait([self.joining], timeout=JOIN_SECONDS)

    async def read(self, after: int) -> Page:
        return await self._read(self.key, after)

    def leave(self, subscription: Subscription) -> None:
        self.leave_live(subscription)
        self.readers.discard(subscription)
        if not self.readers:
            if self._filling:
                self._filling.cancel()
            self._on_unused(self)

    def go_live(self, subscription: Subscription) -> bool:
        """Take in a reader that has read all rows. False if the feed is already further: it has to read on."""
        if not self._live:
            # Nobody is live, so nobody misses what lies between.
            self.position = subscription.position
        elif subscription.position < self.position:
            return False
        self._live.setdefault(subscription.view, set()).add(subscription)
        if self._newest > self.position:
            self._fill()
        return True

    def leave_live(self, subscription: Subscription) -> None:
        same_view = self._live.get(subscription.view)
        if same_view is not None:
            same_view.discard(subscription)
            if not same_view:
                del self._live[subscription.view]

    def announce(self, last: int, events: Sequence[EventRow]) -> None:
        """There are events up to `last`; these are the newest of them, or none were sent along."""
        self._newest = max(self._newest, last)
        if not self._live or last <= self.position:
            return
        if self._filling is None and events and self._joins(events):
            self._hand_out(events, ends=closes(self.key, events[-1]))
        else:
            self._fill()

    def _joins(self, events: Sequence[EventRow]) -> bool:
        """The events follow what was handed out. At the end of a thread's run only the rows say whether more comes."""
        follows = events[0].number_in(self.key) == self.position + 1
        return follows and not (self.key.kind == "thread" and events[-1].kind in TASK_ENDINGS)

    def _hand_out(self, events: Sequence[EventRow], *, ends: bool) -> None:
        ids = [event.number_in(self.key) for event in events]
        self.position = ids[-1]
        for view, subscriptions in list(self._live.items()):
            frames = [(id, view.encode(self.key, event)) for id, event in zip(ids, events, strict=True)]
            joined = b"".join([frame for _, frame in frames])
            MEASURES.frames += len(subscriptions) * sum(1 for _, frame in frames if frame)
            for subscription in list(subscriptions):
                subscription.offer(joined, frames, ends=ends)
        now = time.time()
        for event in events:
            MEASURES.delivery.observe(now - event.at.timestamp())

    def _fill(self) -> None:
        if self._filling is None:
            self._filling = asyncio.create_task(self._read_on())

    async def _read_on(self) -> None:
        """Read rows until there are no more. Numbers may be missing (compaction): what rows say is what there is."""
        try:
            while self._live and (announced := self._newest) > self.position:
                page = await self.read(self.position)
                fresh = [event for event in page.rows if event.number_in(self.key) > self.position]
                if fresh:
                    self._hand_out(fresh, ends=page.ends)
                if len(page.rows) < PAGE and self._newest == announced:
                    self._newest = self.position
        finally:
            self._filling = None
