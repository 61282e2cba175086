"""An HTTP transport that looks where each request goes: the name is resolved once, here, what it stands for is
checked, and the connection is made to exactly that address."""

import asyncio
import socket
from collections.abc import Iterable
from functools import cache
from ipaddress import ip_address
from ssl import SSLContext
from typing import Final

import httpx2

from workflows.outgoing.addresses import Network, may_be_reached

MOST_ADDRESSES: Final = 4
"""Of a name that are tried; the first ones are what the system prefers."""


@cache
def usual_certificates() -> SSLContext:
    """Which certificates are trusted. The first call reads them, for 30 ms: not on a loop."""
    return httpx2.create_ssl_context()


class Refused(Exception):
    """A request to where none may go. `detail` says why, and quotes no address that was found out."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Unresolved(Exception):
    """A name that stands for no address."""


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Connects to public addresses, and to those in the `allowed` networks. Follows no proxy of the environment, which
    would resolve names for itself.

    Raises `Refused`, `Unresolved`, and httpx2's `TransportError`.
    """

    def __init__(self, allowed: Iterable[Network] = (), tls: SSLContext | None = None) -> None:
        self._allowed = tuple(allowed)
        # No connection is kept: they are found again by address, whatever name their certificate was checked for.
        limits = httpx2.Limits(max_connections=100, max_keepalive_connections=0)
        self._transport = httpx2.AsyncHTTPTransport(verify=tls or True, trust_env=False, limits=limits)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        addresses = await addresses_of(request.url, self._allowed)
        failed: httpx2.TransportError | None = None
        for address in addresses[:MOST_ADDRESSES]:
            try:
                return await self._transport.handle_async_request(_pinned(request, host, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failed = error
        raise failed or Unresolved(host)

    async def aclose(self) -> None:
        await self._transport.aclose()


async def addresses_of(url: httpx2.URL, allowed: Iterable[Network] = ()) -> list[str]:
    """Where the URL's host is. All of its addresses have to be allowed: a name with a private one among them is no
    accident. Raises `Refused`, `Unresolved`."""
    loop = asyncio.get_running_loop()
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unresolved(url.host) from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    networks = tuple(allowed)
    if not all(may_be_reached(address, networks) for address in addresses):
        raise Refused(f"{url.host} is in a private network, and nothing is fetched from there.")
    return addresses


def _pinned(request: httpx2.Request, host: str, address: str) -> httpx2.Request:
    """The request to this very address; its `Host` header and the name for its certificate stay."""
    literal = f"[{address}]" if ip_address(address.partition("%")[0]).version == 6 else address
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=literal),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
