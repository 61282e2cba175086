"""A server by its URL: streamable HTTP, through the guarded transport, and a bounded amount of it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from ssl import SSLContext
from typing import Final

import httpx2
from mcp.client._transport import TransportStreams
from mcp.client.streamable_http import streamable_http_client

from workflows.mcp.meter import MAX_MESSAGE_BYTES, Meter, too_long
from workflows.mcp.server import Server, ServerFailed
from workflows.mcp.trouble import Trouble
from workflows.outgoing.transport import GuardedTransport, Refused, Unresolved

CONNECT_S: Final = 5.0
PIECE_S: Final = 30.0
LEAVE_S: Final = 2.0
"""For the goodbye that ends a session at the server."""


@asynccontextmanager
async def address_transport(server: Server, trouble: Trouble) -> AsyncGenerator[TransportStreams, None]:
    """A session's streams. What goes wrong is said to `trouble`."""
    tls = await asyncio.to_thread(_certificates)
    guarded = _Bounded(GuardedTransport(server.networks, tls), trouble)
    # Reading is not bounded here: a stream of the server's own may be silent; each call has its own time limit.
    timeout = httpx2.Timeout(PIECE_S, connect=CONNECT_S, read=None)
    # Plain: what is packed could be a bomb.
    headers = {**dict(server.headers), "Accept-Encoding": "identity", "User-Agent": "Evoserver"}
    client = httpx2.AsyncClient(transport=guarded, timeout=timeout, headers=headers, trust_env=False)
    async with (
        client,
        streamable_http_client(
            server.url, http_client=client, terminate_on_close=False, max_sse_event_size=MAX_MESSAGE_BYTES
        ) as streams,
    ):
        yield streams


@cache
def _certificates() -> SSLContext:
    return httpx2.create_ssl_context()


class _Bounded(httpx2.AsyncBaseTransport):
    """Says why a request fails, and ends an answer that is too much."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, trouble: Trouble) -> None:
        self._inner = inner
        self._trouble = trouble
        self._meter = Meter()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except Refused:
            raise self._failed(
                "The server is in a private network, where requests go only if MCP_ALLOWED_NETWORKS says so."
            ) from None
        except Unresolved:
            raise self._failed("There is no host of the server's name.") from None
        except httpx2.TransportError:
            raise self._failed("The server could not be reached, or broke off.") from None
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            await response.aclose()
            raise self._failed("The server packs its answers, which was not asked for.")
        if request.method == "POST":
            self._trouble.status = response.status_code if response.status_code >= 400 else None
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        response.stream = _BoundedStream(response.stream, self, None if is_stream else MAX_MESSAGE_BYTES)
        return response

    def take(self, size: int) -> None:
        try:
            self._meter.take(size)
        except ServerFailed as failed:
            raise self._failed(failed.detail) from None

    def refuse(self) -> httpx2.TransportError:
        return self._failed(too_long().detail)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _failed(self, detail: str) -> httpx2.TransportError:
        self._trouble.say(detail)
        return httpx2.ConnectError(detail)


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, owner: _Bounded, most: int | None) -> None:
        self._inner = inner
        self._owner = owner
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._inner:
            size += len(piece)
            if self._most is not None and size > self._most:
                raise self._owner.refuse()
            self._owner.take(len(piece))
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
