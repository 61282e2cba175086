"""The one reader per web process that feeds all its streams."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from redis.exceptions import RedisError

from sessions import tickets
from sessions.callers import Caller
from sessions.tickets import Admission
from sessions.validity import no_longer_valid
from workflows import services
from workflows.database import DatabaseThreads
from workflows.exceptions import TooMany
from workflows.models import EventRow, StreamKey, Task
from workflows.streaming import log
from workflows.streaming.feed import Feed
from workflows.streaming.frames import View
from workflows.streaming.subscription import Subscription

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
TOUCH_SECONDS = 20.0
READER_THREADS = 3
OVERDUE_SECONDS = 3.0
"""A worker ends its tasks in time itself; this long after a deadline nobody does, so the web process does it."""


@dataclass(eq=False)
class Guest:
    """Somebody who reads past the feeds, such as a page with a feed of its own, or who is connected and may read."""

    caller: Caller
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the caller is no longer who it was."""


class Hub:
    """Listens to the channel layer on one channel, and asks the database once a second what it may have missed.

    Rows are the truth and messages are hints: with Redis gone, paused or wiped, streams are a second late and whole.
    """

    def __init__(self) -> None:
        self.threads = DatabaseThreads(READER_THREADS, "hub")
        self.closed = False
        self._feeds: dict[StreamKey, Feed] = {}
        self._guests: list[Guest] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._channel = ""
        self._listening = asyncio.Event()
        self._membership = asyncio.Lock()
        self._touched = 0.0
        self._rechecked = 0.0

    def start(self) -> None:
        self.spawn(self._listen())
        self.spawn(self._tick_for_ever())

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something that outlives the request that asked for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def subscribe(
        self,
        key: StreamKey,
        view: View,
        after: int,
        *,
        caller: Caller | None = None,
        admission: Admission | None = None,
        opening: bytes = b"",
        deadline: datetime | None = None,
        abort: Callable[[], None] = lambda: None,
    ) -> Subscription:
        """A reader of the stream from an id on. Nothing is held until its `chunks` are asked for."""

        def enter(subscription: Subscription) -> Feed:
            feed = self._feeds.get(key)
            if feed is None:
                feed = self._feeds[key] = Feed(key, self._read, self._drop)
                feed.joining = self.spawn(self._join(feed))
            feed.deadline = deadline or feed.deadline
            _dismiss_older(feed, subscription)
            feed.readers.add(subscription)
            if self.closed:
                subscription.close()
            return feed

        return Subscription(enter, view, after, opening, abort, caller, admission)

    def check_room(self, caller: Caller) -> None:
        """Raises TooMany where the caller has `STREAMS_PER_CALLER` streams open in this process."""
        if caller.is_local:
            return
        # Who comes again with a ticket takes the place of the connection before.
        others = (o for o in self._callers() if o.ticket is None or o.ticket != caller.ticket)
        if sum(not other.is_local and other.is_same_as(caller) for other in others) >= settings.STREAMS_PER_CALLER:
            raise TooMany(
                f"You have {settings.STREAMS_PER_CALLER} streams open. Close some, or follow many tasks by one "
                "session's stream.",
                retry_after=5,
            )

    @contextmanager
    def hosting(self, caller: Caller) -> Iterator[Guest]:
        """Count a guest as one of its caller's streams."""
        guest = Guest(caller)
        self._guests.append(guest)
        try:
            yield guest
        finally:
            self._guests.remove(guest)

    def shutdown(self) -> None:
        """End all streams in good order, so that their readers reconnect to another process."""
        self.closed = True
        for subscription in self._subscriptions():
            subscription.close()

    def _subscriptions(self) -> list[Subscription]:
        return [subscription for feed in self._feeds.values() for subscription in feed.readers]

    def _callers(self) -> list[Caller]:
        """One for each open stream."""
        return [s.caller for s in self._subscriptions() if s.caller] + [guest.caller for guest in self._guests]

    async def _read(self, key: StreamKey, after: int) -> log.Page:
        return await self.threads.insist(log.read_page, key, after)

    async def _join(self, feed: Feed) -> bool:
        await self._listening.wait()
        async with self._membership:
            try:
                await get_channel_layer().group_add(feed.key.group, self._channel)
            except (RedisError, OSError):
                return False
        return True

    def _drop(self, feed: Feed) -> None:
        del self._feeds[feed.key]
        self.spawn(self._part(feed.key))

    async def _part(self, key: StreamKey) -> None:
        async with self._membership:
            if key not in self._feeds:
                try:
                    await get_channel_layer().group_discard(key.group, self._channel)
                except (RedisError, OSError):
                    logger.debug("could not leave %s; Redis forgets it with the connection", key.group)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                if not self._channel:
                    self._channel = await layer.new_channel("hub.")
                    self._listening.set()
                self._announced(await layer.receive(self._channel))
            except (RedisError, OSError) as error:
                logger.warning("Redis does not answer (%s); streams go on by polling", type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)
            except Exception:  # a message that cannot be read must not make the process deaf
                logger.exception("an announcement was not understood")

    def _announced(self, message: dict[str, Any]) -> None:
        feed = self._feeds.get(StreamKey.parse(message["kind"], message["id"]))
        if feed:
            rows = message["rows"]
            feed.announce(message["last"], [EventRow.from_list(row) for row in json.loads(rows)] if rows else [])

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            now = asyncio.get_running_loop().time()
            self._beat_and_cut(now)
            try:
                await self._catch_up()
                await self._touch_sessions(now)
                await self._recheck(now)
                await self._end_overdue()
            except (OperationalError, InterfaceError) as error:
                logger.warning("The database does not answer (%s); streams wait for it", type(error).__name__)
            except Exception:  # whatever it is, heartbeats and catching up must go on
                logger.exception("a round of the hub failed")

    def _beat_and_cut(self, now: float) -> None:
        for subscription in self._subscriptions():
            if subscription.sending_since is not None:
                if now - subscription.sending_since > settings.STREAM_STALL_SECONDS:
                    subscription.abort()
            elif now - subscription.silent_since >= settings.STREAM_HEARTBEAT_SECONDS:
                subscription.beat()

    async def _catch_up(self) -> None:
        if not self._feeds:
            return
        for key, last in (await self.threads.run(log.last_ids, list(self._feeds))).items():
            if feed := self._feeds.get(key):
                feed.announce(last, [])
        for feed in list(self._feeds.values()):
            if feed.joining is None or (feed.joining.done() and not feed.joining.result()):
                feed.joining = self.spawn(self._join(feed))

    async def _touch_sessions(self, now: float) -> None:
        """An open stream keeps its session alive."""
        if now - self._touched < TOUCH_SECONDS:
            return
        self._touched = now
        if sessions := [key.id for key in self._feeds if key.kind == "session"]:
            await self.threads.run(services.touch_sessions, sessions)

    async def _recheck(self, now: float) -> None:
        """At each heartbeat, end the streams of callers who are no longer who they were, or have come by the same
        ticket again, to another process."""
        if now - self._rechecked < settings.STREAM_HEARTBEAT_SECONDS:
            return
        self._rechecked = now
        callers = set(self._callers())
        gone = await self.threads.run(no_longer_valid, callers) if callers else set()
        admissions = {s.admission for s in self._subscriptions() if s.admission and s.caller not in gone}
        newest = await self.threads.run(tickets.renew, admissions) if admissions else set()
        for guest in self._guests:
            if guest.caller in gone:
                guest.gone.set()
        for subscription in self._subscriptions():
            if subscription.caller in gone:
                subscription.close()
            elif subscription.admission in admissions - newest:
                subscription.dismiss()

    async def _end_overdue(self) -> None:
        for feed in list(self._feeds.values()):
            if feed.deadline and (timezone.now() - feed.deadline).total_seconds() > OVERDUE_SECONDS:
                feed.deadline = None
                await self.threads.run(_expire, feed.key)


def _dismiss_older(feed: Feed, subscription: Subscription) -> None:
    """Of two connections by one ticket the newer stays; here at once, elsewhere with the next heartbeat."""
    mine = subscription.admission
    for other in list(feed.readers):
        if mine and other.admission and other.admission.ticket_id == mine.ticket_id:
            (other if other.admission.number < mine.number else subscription).dismiss()


def _expire(key: StreamKey) -> None:
    ids = {"pk": key.id} if key.kind == "task" else {"thread": key.id}
    for task in Task.objects.unfinished().filter(**ids).defer("secrets"):
        services.expire_deadline(task)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def get_hub() -> Hub:
    """The running loop's hub, started at first use (Django's ASGI handler has no lifespan to start it in)."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub()
        hub.start()
    return hub
