"""The feed and its readers under every order of announcements, without a network."""

import asyncio
import random
import uuid
from datetime import UTC, datetime

import pytest

from workflows.events import Kind
from workflows.models import EventRow, StreamKey
from workflows.streaming.feed import Feed
from workflows.streaming.frames import SSE, Frame, View
from workflows.streaming.log import PAGE, Page
from workflows.streaming.subscription import Subscription

KEY = StreamKey("task", uuid.uuid4())


class PlainFramer:
    def frame(self, event: EventRow) -> Frame | None:
        return Frame("n", {})

    def reset(self, snapshot, first_id):
        return Frame("reset", {})


VIEW = View(PlainFramer(), SSE)


class Log:
    """The rows, as a database would hand them out: whatever is committed, in pages, after a while."""

    def __init__(self, rng: random.Random) -> None:
        self.rows: list[EventRow] = []
        self._rng = rng

    def commit(self, count: int, *, end: bool = False) -> list[EventRow]:
        first = len(self.rows) + 1
        new = [self._row(seq) for seq in range(first, first + count)]
        if end:
            new.append(self._row(first + count, Kind.TASK_COMPLETED))
        self.rows += new
        return new

    async def read(self, key: StreamKey, after: int) -> Page:
        for _ in range(self._rng.randrange(3)):
            await asyncio.sleep(0)
        page = [row for row in self.rows if row.seq > after][:PAGE]
        for _ in range(self._rng.randrange(3)):
            await asyncio.sleep(0)
        return Page(page, bool(page) and page[-1].kind == Kind.TASK_COMPLETED)

    def _row(self, seq: int, kind: Kind = Kind.MODEL_STARTED) -> EventRow:
        return EventRow(KEY.id, seq, None, None, kind, {}, datetime.now(UTC))


class Reader:
    """One reader, as slow as the dice say."""

    def __init__(self, feed: Feed, after: int, rng: random.Random) -> None:
        self.after = after
        self.text = b""
        self._rng = rng
        self._subscription = Subscription(self._enter, VIEW, after, b"", lambda: None)
        self._feed = feed
        self.done = asyncio.create_task(self._read())

    def _enter(self, subscription: Subscription) -> Feed:
        self._feed.readers.add(subscription)
        return self._feed

    async def _read(self) -> None:
        async for chunk in self._subscription.chunks():
            self.text += chunk
            for _ in range(self._rng.randrange(8)):
                await asyncio.sleep(0)

    @property
    def ids(self) -> list[int]:
        return [int(line[4:]) for line in self.text.decode().splitlines() if line.startswith("id: ")]


@pytest.mark.parametrize("seed", range(40))
async def test_every_reader_gets_every_row_once_and_in_order(seed: int, settings) -> None:
    """Announcements are lost, doubled, held back and without rows; readers join at any time; buffers overflow."""
    print(f"seed {seed}")
    rng = random.Random(seed)
    settings.STREAM_BUFFER_BYTES = rng.choice([60, 500, 1_000_000])
    log = Log(rng)
    feed = Feed(KEY, log.read, lambda feed: None)
    readers = []
    held_back: list[tuple[int, list[EventRow]]] = []
    for _ in range(60):
        if rng.random() < 0.2:
            readers.append(Reader(feed, rng.randrange(len(log.rows) + 1), rng))
        new = log.commit(rng.randrange(1, 40))
        announcement = (new[-1].seq, new if rng.random() < 0.8 else [])
        if rng.random() < 0.7:
            feed.announce(*announcement)
        else:
            held_back.append(announcement)
        if held_back and rng.random() < 0.3:
            feed.announce(*held_back.pop(rng.randrange(len(held_back))))
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)
    log.commit(1, end=True)
    while not all(reader.done.done() for reader in readers):
        # The hub's poll, which makes up for whatever was lost.
        feed.announce(len(log.rows), [])
        await asyncio.sleep(0)
    for reader in readers:
        assert reader.ids == list(range(reader.after + 1, len(log.rows) + 1))


async def test_a_feed_that_nobody_reads_says_so() -> None:
    unused = []
    log = Log(random.Random(0))
    feed = Feed(KEY, log.read, unused.append)
    log.commit(3, end=True)
    reader = Reader(feed, 0, random.Random(0))
    await reader.done
    assert unused == [feed]
    assert reader.ids == [1, 2, 3, 4]
