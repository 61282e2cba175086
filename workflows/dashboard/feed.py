"""The one feed of the list's page: what changed on it, once a second."""

import asyncio
import logging
from collections.abc import AsyncGenerator

from django.conf import settings
from django.db import InterfaceError, OperationalError

from workflows.dashboard.listing import PAGE, Listing, Row, overview, task_row
from workflows.streaming.frames import SSE, Frame
from workflows.streaming.hub import get_hub

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 15.0
REST = 9
"""A feed rests nine times as long as its last query took: a costly filter makes it slower, not the server."""
OVERVIEW_EVERY = 4


class ListFeed:
    """Tells a page that shows `listing` what it has to change. A page that connects again is told everything."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._rows: dict[str, Row] = {}
        self._overview: Row = {}
        self._rounds = 0

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        hub = get_hub()
        loop = asyncio.get_running_loop()
        with hub.hosting(self._listing.caller) as guest:
            yield SSE.preamble
            heard = loop.time()
            while not hub.closed and not guest.gone.is_set():
                started = loop.time()
                frames: list[Frame] = []
                try:
                    frames = await hub.threads.run(self._look)
                except (OperationalError, InterfaceError) as error:
                    logger.warning("The database does not answer (%s); the page waits for it", type(error).__name__)
                if frames:
                    heard = started
                    yield b"".join([SSE.encode(frame, None) for frame in frames])
                elif started - heard >= settings.STREAM_HEARTBEAT_SECONDS:
                    heard = started
                    yield SSE.heartbeat
                took = loop.time() - started
                await asyncio.sleep(min(max(POLL_SECONDS, REST * took), LONGEST_POLL_SECONDS))

    def _look(self) -> list[Frame]:
        frames = []
        rows = {row["id"]: row for row in map(task_row, self._listing.tasks()[:PAGE])}
        changed = [row for id, row in rows.items() if self._rows.get(id) != row]
        if changed or list(rows) != list(self._rows) or not self._rounds:
            frames.append(Frame("tasks", {"rows": changed, "order": list(rows)}))
        self._rows = rows
        if self._rounds % OVERVIEW_EVERY == 0 and (now := overview(self._listing.caller)) != self._overview:
            self._overview = now
            frames.append(Frame("overview", now))
        self._rounds += 1
        return frames
