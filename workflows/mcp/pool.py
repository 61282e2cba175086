"""The connections of a worker process: one for each server, opened at its first use, closed when nobody uses it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Final

from workflows.mcp.server import CONNECT_S, Listing, Server, ServerFailed

if TYPE_CHECKING:
    from workflows.mcp.connection import Connection

IDLE_S: Final = 300.0
FIRST_PAUSE_S: Final = 1.0
MOST_PAUSE_S: Final = 60.0
ROUND_S: Final = 5.0


@dataclass
class _Place:
    """Where a server's connection is kept. After failures to connect, the next try waits a little longer each time."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    connection: "Connection | None" = None
    failures: int = 0
    not_before: float = 0.0
    reason: str = ""
    used_at: float = 0.0


class Pool:
    """`on_list_changed` hears of servers that say their tools have changed."""

    def __init__(
        self,
        on_list_changed: Callable[[Server], None] = lambda server: None,
        *,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places: dict[Server, _Place] = {}
        self._on_list_changed = on_list_changed
        self._idle_s = idle_s
        self._clock = clock
        self._left: set[asyncio.Task[None]] = set()

    async def connection(self, server: Server) -> "Connection":
        """An open one. Raises `ServerFailed`, at once if the server failed just before."""
        place = self._place(server)
        if place.connection and not place.connection.is_over:
            return place.connection
        wait = place.not_before - self._clock()
        if wait > 0:
            raise ServerFailed(f"{place.reason} It is tried again in {wait:.0f} s.")
        return await self._opened(server, place)

    async def listing(self, server: Server, timeout_s: float = CONNECT_S) -> Listing:
        """Its tools as they are now, whether or not it failed before. Raises `ServerFailed`."""
        place = self._place(server)
        held = place.connection
        if held is None or held.is_over:
            return (await self._opened(server, place, timeout_s)).listing
        try:
            async with asyncio.timeout(timeout_s):
                return await held.list()
        except TimeoutError:
            self._leave(place)
            raise ServerFailed(f"The server did not list its tools within {timeout_s:g} s.") from None

    async def tend(self) -> None:
        """Close what is over or idle, until cancelled."""
        while True:
            await asyncio.sleep(min(ROUND_S, self._idle_s))
            for server, place in list(self._places.items()):
                held = place.connection
                if held and held.calls == 0 and (held.is_over or self._clock() - held.used_at > self._idle_s):
                    self._leave(place)
                since = self._clock() - max(place.used_at, place.not_before)
                if place.connection is None and not place.lock.locked() and since > self._idle_s:
                    del self._places[server]

    async def close(self) -> None:
        """Close all of them."""
        for place in self._places.values():
            self._leave(place)
        if self._left:
            await asyncio.wait(self._left)

    def _place(self, server: Server) -> _Place:
        place = self._places.setdefault(server, _Place())
        place.used_at = self._clock()
        return place

    async def _opened(self, server: Server, place: _Place, timeout_s: float = CONNECT_S) -> "Connection":
        async with place.lock:
            if place.connection and not place.connection.is_over:
                return place.connection
            self._leave(place)
            opened = (await _connection_class())(server, self._clock)
            opened.on_list_changed = lambda: self._on_list_changed(server)
            try:
                await opened.open(timeout_s)
            except ServerFailed as failed:
                place.failures += 1
                place.not_before = self._clock() + min(FIRST_PAUSE_S * 2 ** (place.failures - 1), MOST_PAUSE_S)
                place.reason = failed.detail
                raise
            place.connection, place.failures, place.not_before = opened, 0, 0.0
            return opened

    def _leave(self, place: _Place) -> None:
        """Close its connection aside: a server may take its time."""
        if place.connection:
            closing = asyncio.create_task(place.connection.close())
            self._left.add(closing)
            closing.add_done_callback(self._left.discard)
            place.connection = None


async def _connection_class() -> "type[Connection]":
    """The SDK takes a second to load, and most workers reach no server: it is loaded, aside, with the first one."""
    module = await asyncio.to_thread(import_module, "workflows.mcp.connection")
    found: type[Connection] = module.Connection
    return found
