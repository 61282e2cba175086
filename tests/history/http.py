"""Requests to either web process, with their answers noted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.history.history import Answer


class Http:
    """A client of both web processes: a connection for each request, as after a restart none can be kept."""

    def __init__(self, urls: list[str]) -> None:
        self.answers: list[Answer] = []
        self._urls = urls

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    def get(self, side: int, path: str, **options: Any) -> Any:
        return self._session.get(self._urls[side] + path, **options)

    def post(self, side: int, path: str, **options: Any) -> Any:
        return self._session.post(self._urls[side] + path, **options)

    def delete(self, side: int, path: str, **options: Any) -> Any:
        return self._session.delete(self._urls[side] + path, **options)

    @asynccontextmanager
    async def websocket(self, side: int, seconds: float) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Opened within so many seconds; raises TimeoutError."""
        # A process that was stopped in its tracks would not answer a closing either.
        patience = aiohttp.ClientWSTimeout(ws_close=1.0)
        async with asyncio.timeout(seconds):
            socket = await self._session.ws_connect(f"{self._urls[side]}/ws/", timeout=patience, max_msg_size=0)
        async with socket:
            yield socket

    async def note(self, request: str, response: aiohttp.ClientResponse) -> None:
        """Keep what was answered. A refusal says why in `detail`, and a 503 when to come back."""
        shaped = True
        if response.status >= 400:
            shaped = response.content_type == "application/json" and "detail" in await response.json()
            shaped = shaped and (response.status != 503 or response.headers.get("Retry-After", "").isdigit())
        self.answers.append(Answer(request, response.status, shaped))
