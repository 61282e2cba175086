"""One JSON body to an address that a caller chose, and what came back."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ssl import SSLContext
from typing import Final

import httpx2

from workflows.outgoing.addresses import Network
from workflows.outgoing.transport import GuardedTransport, Refused, Unresolved, addresses_of, usual_certificates
from workflows.outgoing.urls import BadUrl, http_url
from workflows.retry_after import retry_after_s

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
"""For all of it, however slowly an answer drips."""
READ_BYTES: Final = 2_000
SAID_CHARS: Final = 200
"""How much of an answer is kept: enough to tell what is wrong, too little to be of use as a way of reading pages."""

_HEADERS: Final = {"User-Agent": "Evoserver", "Content-Type": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Reply:
    """`status` is None if there was no answer; then `said` is why. `retry_after`: seconds, if the answer names them."""

    status: int | None
    said: str = ""
    retry_after: float | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def post(
    address: str,
    body: str,
    headers: Mapping[str, str],
    allowed: Iterable[Network] = (),
    tls: SSLContext | None = None,
) -> Reply:
    """Send it, once, to a public address or one in the `allowed` networks. Follows no redirect. Whatever happens on the
    way is a reply without a status."""
    transport = GuardedTransport(allowed, tls or await asyncio.to_thread(usual_certificates))
    timeout = httpx2.Timeout(ANSWER_S, connect=CONNECT_S)
    try:
        url = http_url(address)
        async with (
            asyncio.timeout(ANSWER_S),
            httpx2.AsyncClient(transport=transport, timeout=timeout, trust_env=False) as client,
            client.stream("POST", url, content=body, headers={**_HEADERS, **headers}) as response,
        ):
            return await _reply(response)
    except BadUrl as error:
        return Reply(None, error.detail)
    except Refused:
        return Reply(None, _private(url))
    except Unresolved:
        return Reply(None, _unknown(url))
    except (TimeoutError, httpx2.TimeoutException):
        return Reply(None, f"There was no answer within {ANSWER_S:g} seconds.")
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        return Reply(None, _unreachable(error))


async def refusal(address: str, allowed: Iterable[Network] = ()) -> str | None:
    """Why nothing could be sent to this address, as things stand; None if it could."""
    try:
        url = http_url(address)
        async with asyncio.timeout(CONNECT_S):
            await addresses_of(url, allowed)
    except BadUrl as error:
        return error.detail
    except Refused:
        return _private(url)
    except (Unresolved, TimeoutError):
        return _unknown(url)
    return None


def _private(url: httpx2.URL) -> str:
    return f"{url.host[:100]} is in a private network. An administrator can allow it with WEBHOOK_ALLOWED_NETWORKS."


def _unknown(url: httpx2.URL) -> str:
    return f"There is no host {url.host[:100]}."


async def _reply(response: httpx2.Response) -> Reply:
    status = response.status_code
    if 200 <= status < 300:
        # It is accepted, whatever else may come.
        return Reply(status)
    if response.has_redirect_location:
        return Reply(status, "It redirects, and redirects are not followed. Name the address that it leads to.")
    data = bytearray()
    async for piece in response.aiter_raw(READ_BYTES):
        data += piece
        if len(data) >= READ_BYTES:
            break
    words = bytes(data[:READ_BYTES]).decode("utf-8", "replace").replace("\0", "�").split()
    return Reply(status, " ".join(words)[:SAID_CHARS], retry_after_s(response.headers.get("retry-after")))


def _unreachable(error: Exception) -> str:
    if isinstance(error, httpx2.ConnectError):
        return "It could not be reached: nothing listens there, or its certificate is not valid."
    return "The connection broke off before an answer came."
