"""A page or a document from the web: only by GET, only from allowed hosts, never from private addresses."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, Final
from urllib.parse import urljoin

import httpx2

from workflows.engine.tools import Arguments, Tool, ToolContext, ToolFailed
from workflows.outgoing.addresses import Network
from workflows.outgoing.hosts import ANY, is_allowed
from workflows.outgoing.transport import GuardedTransport, Refused, Unresolved, usual_certificates
from workflows.outgoing.urls import BadUrl, http_url
from workflows.tools.html import text_of

MAX_BYTES: Final = 2_000_000
MAX_REDIRECTS: Final = 5
CONNECT_S: Final = 5.0
TIMEOUT_S: Final = 20.0
SHOWN_CHARS: Final = 15_000
FILE_CHARS: Final = 1_000_000

# Plain by request: what is packed is unpacked by us, a bounded piece at a time.
_HEADERS: Final = {
    "User-Agent": "Evoserver",
    "Accept": "text/*, application/json, */*;q=0.1",
    "Accept-Encoding": "identity",
}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class FetchLimits:
    """`hosts`: names, `*.example.org` for what is below one, `*` for any. `networks`: private ones that may be reached
    all the same. `tls`: which certificates to trust; the usual ones if None."""

    hosts: tuple[str, ...]
    networks: tuple[Network, ...] = ()
    max_bytes: int = MAX_BYTES
    tls: SSLContext | None = field(default=None, repr=False)


def fetch(limits: FetchLimits) -> Tool:
    """The tool, within these limits."""

    async def get(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
        page = await _fetched(arguments["url"], limits)
        text = text_of(page.text) if page.is_html and not arguments.get("raw") else page.text
        about = {"url": page.url, "status": page.status, "content_type": page.content_type, "characters": len(text)}
        if page.is_cut:
            about["note"] = f"only the first {limits.max_bytes:,} bytes were fetched"
        name = arguments.get("save_as")
        if name is not None:
            await context.files.write(name, text[:FILE_CHARS])
            about["saved_as"] = name
        start = arguments.get("start", 0)
        end = start + (1_000 if name is not None else SHOWN_CHARS)
        more = {"next_start": end} if end < len(text) else {}
        return {**about, "text": text[start:end], **more}

    where = "the web" if ANY in limits.hosts else f"these hosts: {', '.join(limits.hosts)}"
    return Tool(
        name="fetch",
        description=f"Fetches a page or a text document by its URL, from {where}. HTML comes as plain text.",
        call=get,
        parameters={
            "type": "object",
            "properties": {
                "url": {"type": "string", "minLength": 1, "maxLength": 2_000, "description": "http:// or https://"},
                "start": {"type": "integer", "minimum": 0, "description": "From which character on, in a long text."},
                "raw": {"type": "boolean", "description": "HTML as it is, with its tags."},
                "save_as": {"type": "string", "description": "Keep the whole text in this file of the task."},
            },
            "required": ["url"],
            "additionalProperties": False,
        },
        timeout_s=TIMEOUT_S,
    )


@dataclass(frozen=True)
class _Page:
    url: str
    status: int
    content_type: str
    text: str
    is_html: bool
    is_cut: bool


async def _fetched(address: str, limits: FetchLimits) -> _Page:
    # Loading them takes 30 ms, once, and not of the loop's time.
    tls = limits.tls or await asyncio.to_thread(usual_certificates)
    transport = GuardedTransport(limits.networks, tls)
    timeout = httpx2.Timeout(TIMEOUT_S, connect=CONNECT_S)
    async with httpx2.AsyncClient(transport=transport, timeout=timeout, headers=_HEADERS, trust_env=False) as client:
        for _ in range(MAX_REDIRECTS + 1):
            url = _checked(address, limits.hosts)
            try:
                # Each hop is followed here, so that each is checked like the first; and without cookies.
                client.cookies.clear()
                async with client.stream("GET", url) as response:
                    target = response.headers.get("location")
                    if response.status_code not in _REDIRECTS or not target:
                        return await _page(response, limits.max_bytes)
            except Refused as refused:
                raise ToolFailed(refused.detail) from None
            except Unresolved:
                raise ToolFailed(f"There is no host {url.host[:100]}. Check the URL.") from None
            except httpx2.TimeoutException:
                raise ToolFailed(f"{url.host[:100]} did not answer in time.") from None
            except (httpx2.TransportError, httpx2.InvalidURL):
                raise ToolFailed(f"{url.host[:100]} could not be reached, or broke off.") from None
            address = urljoin(str(url), target)
    raise ToolFailed(f"There were more than {MAX_REDIRECTS} redirects, one after the other.")


def _checked(address: str, hosts: Sequence[str]) -> httpx2.URL:
    """The URL, if it may be asked for. Raises `ToolFailed`."""
    try:
        url = http_url(address)
    except BadUrl as error:
        raise ToolFailed(error.detail) from None
    if not is_allowed(url.host, hosts):
        raise ToolFailed(f"Nothing is fetched from {url.host[:100]}. Allowed are: {', '.join(hosts)}.")
    return url


async def _page(response: httpx2.Response, limit: int) -> _Page:
    kind, _, _ = response.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if not _is_text(kind):
        raise ToolFailed(f"{response.url} is {kind[:60] or 'of no known type'}, and only text can be read.")
    data = bytearray()
    async for piece in _unpacked(response):
        data += piece
        if len(data) > limit:
            break
    text = bytes(data[:limit]).decode(_charset(response), "replace")
    return _Page(
        url=str(response.url),
        status=response.status_code,
        content_type=kind,
        text=text,
        is_html=kind in ("text/html", "application/xhtml+xml"),
        is_cut=len(data) > limit,
    )


async def _unpacked(response: httpx2.Response) -> AsyncIterator[bytes]:
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("identity", ""):
        async for piece in response.aiter_raw():
            yield piece
        return
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise ToolFailed(f"{response.url} is packed in a way that was not asked for.")
    unpack = zlib.decompressobj(wbits=47 if packing != "deflate" else 15)
    async for packed in response.aiter_raw():
        rest = packed
        while rest:
            try:
                yield unpack.decompress(rest, 65_536)
            except zlib.error:
                raise ToolFailed(f"{response.url} is packed, and broken.") from None
            rest = unpack.unconsumed_tail


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind.endswith(("json", "xml", "javascript", "yaml", "csv"))


def _charset(response: httpx2.Response) -> str:
    named = response.charset_encoding or "utf-8"
    try:
        "".encode(named)
    except (LookupError, ValueError):
        return "utf-8"
    return named
