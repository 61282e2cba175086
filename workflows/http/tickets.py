"""Tickets for streams: which stream an address opens, and the address with a ticket in it."""

from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from asgiref.sync import sync_to_async
from django.urls import Resolver404, resolve

from sessions import tickets
from sessions.callers import Caller
from workflows.exceptions import NotFound
from workflows.http.access import require
from workflows.models import StreamKey
from workflows.streaming.responses import WhichStream


class Opening(NamedTuple):
    """A stream, and the address that opens it."""

    path: str
    query: str
    stream: StreamKey

    def with_ticket(self, ticket: str) -> str:
        query = [pair for pair in parse_qsl(self.query, keep_blank_values=True) if pair[0] != tickets.PARAMETER]
        return f"{quote(self.path)}?{urlencode([*query, (tickets.PARAMETER, ticket)])}"


async def find_opening(caller: Caller, address: str) -> Opening:
    """The stream that the caller would get at an address of this server, such as `/stream/<task_id>?types=update`.

    The stream's own view is asked, so every route that streams is one. Raises NotFound where there is no stream, also
    for one that the caller may not see.
    """
    parts = _split(address)
    path = unquote(parts.path)
    try:
        match = resolve(path)
    except Resolver404:
        raise _no_stream() from None
    view = getattr(match.func, "view", None)
    right = getattr(match.func, "rights", {}).get("GET")
    if view is None or right is None:
        raise _no_stream()
    await sync_to_async(require)(caller, right)
    asking = WhichStream(path, parts.query)
    await view(asking, caller, *match.args, **match.kwargs)
    if asking.found is None:
        raise _no_stream()
    return Opening(path, parts.query, asking.found)


def issue_ticket(caller: Caller, opening: Opening) -> str:
    return tickets.issue(caller, opening.path, opening.stream.kind, opening.stream.id)


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
    except ValueError:
        raise _no_stream() from None
    if parts.scheme or parts.netloc:
        raise _no_stream()
    return parts


def _no_stream() -> NotFound:
    return NotFound(
        "No stream of this server is there. Give the path of one, without the host: /stream/<task_id>, say."
    )
