"""Tickets for streams: which stream an address opens, and the address with a ticket in it."""

from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from asgiref.sync import sync_to_async

from sessions import tickets
from sessions.callers import Caller
from workflows.exceptions import NotFound
from workflows.http.access import require
from workflows.http.routes import find_route
from workflows.models import StreamKey
from workflows.streaming.responses import WhichStream

NO_STREAM: Final = "No stream of this server is there. Give the path of one, without the host: /stream/<task_id>, say."


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
    route = find_route(address)
    view = getattr(route.match.func, "view", None) if route else None
    right = route.right("GET") if route else None
    if route is None or view is None or right is None:
        raise NotFound(NO_STREAM)
    await sync_to_async(require)(caller, right)
    asking = WhichStream(route.path, route.query)
    await view(asking, caller, *route.match.args, **route.match.kwargs)
    if asking.found is None:
        raise NotFound(NO_STREAM)
    return Opening(route.path, route.query, asking.found)


def issue_ticket(caller: Caller, opening: Opening) -> str:
    return tickets.issue(caller, opening.path, opening.stream.kind, opening.stream.id)
