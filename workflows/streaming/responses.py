"""Stream responses, and waiting for the end of a task without one."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse

from sessions import tickets
from sessions.callers import Caller, Ticket
from workflows.exceptions import NotAuthenticated, Unavailable
from workflows.models import StreamKey, Task
from workflows.streaming import log
from workflows.streaming.frames import NDJSON, SSE, WAIT_FOR_END, Format, Frame, Framer, NoFrames, View
from workflows.streaming.hub import get_hub
from workflows.streaming.subscription import Subscription
from workflows.streaming.threads import release_thread

logger = logging.getLogger(__name__)

ABORT_EXTENSION = "evoserver.abort"
"""The ASGI extension by which our web server lends a connection's abort (see evoserver/server.py)."""

LATEST = "latest"


class EventStream(StreamingHttpResponse):
    """Hands the generator's bytes to the server as they are, with no wrapping and no copies."""

    def __init__(
        self, chunks: AsyncGenerator[bytes, None], format: Format, is_told: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__(chunks, content_type=format.content_type)
        self.is_told = is_told
        """Says, after the last chunk, whether the stream has ended, as opposed to: it was closed before."""
        self._chunks = chunks
        self["Cache-Control"] = "no-cache"
        self["X-Accel-Buffering"] = "no"

    def __aiter__(self) -> AsyncGenerator[bytes, None]:
        return self._chunks


class Finished(HttpResponse):
    """204: nothing follows what the reader has. Upon it an `EventSource` stops (WHATWG HTML, "Server-sent events")."""

    def __init__(self) -> None:
        super().__init__(status=204)
        del self["Content-Type"]


class WhichStream(HttpRequest):
    """Asks a stream's view which stream it would open, and whether its caller may see it. Nothing is opened: the answer
    is in `found`, which stays None where the view opens none."""

    def __init__(self, path: str, query: str) -> None:
        super().__init__()
        self.method = "GET"
        self.path = self.path_info = path
        self.GET = QueryDict(query)
        self.found: StreamKey | None = None


@dataclass(frozen=True)
class Place:
    """Where a reader wants to go on."""

    after: int
    reset: bool = False
    finished: bool = False


async def stream_response(
    request: HttpRequest,
    caller: Caller,
    key: StreamKey,
    framer: Framer,
    *,
    greeting: Frame | None = None,
    on_left: Callable[[], None] | None = None,
    on_end: Callable[[], None] | None = None,
    sse: Format = SSE,
    lines: Format = NDJSON,
    begin: str = "",
    types: tuple[str, ...] = (),
    is_held: bool = False,
) -> HttpResponseBase:
    """The stream of a task, session or thread, from the id that the request names, as SSE or (by `Accept`) NDJSON.

    `greeting` is a frame that comes first, without an id. `on_left` is called if the reader goes before the end,
    `on_end` if it has taken the last frame. `sse` and `lines` are how this dialect writes SSE and NDJSON, `begin` the
    id for a request that names none, `types` are globs beside those of the request. A stream that `is_held` tells
    nothing before everything in it has ended, and then all at once. 204 where that id closed the stream. The view has
    checked that the caller may see it; the hub checks, at each heartbeat,
    that the caller is still who it was. Raises TooMany beyond `STREAMS_PER_CALLER`, and
    NotAuthenticated for a ticket that is for another stream or over.
    """
    if isinstance(request, WhichStream):
        request.found = key
        return Finished()
    if caller.ticket:
        _check_ticket(caller.ticket, key)
    get_hub().check_room(caller)
    format = requested_format(request, sse, lines)
    state = await sync_to_async(log.read_state)(key)
    place = await sync_to_async(find_place)(key, last_event_id(request) or begin, state)
    if place.finished:
        if caller.ticket:
            await sync_to_async(tickets.end)(caller.ticket)
        return Finished()
    admission = None
    if caller.ticket:
        admission = await sync_to_async(tickets.admit)(caller.ticket, renew=not state.closed)
    opening = format.preamble + (format.encode(greeting, None) if greeting else b"")
    after = place.after
    if place.reset:
        first = await sync_to_async(log.first_id)(key)
        opening += format.encode(framer.reset(state.snapshot, first), None)
        after = first - 1
    await release_thread()
    view = View(framer, format, tuple(sorted({*requested_types(request), *types})))
    subscribe = partial(
        get_hub().subscribe,
        key,
        caller=caller,
        admission=admission,
        deadline=state.deadline,
        abort=_abort_of(request),
    )
    if is_held and not state.closed:
        silence = subscribe(View(NoFrames(), format), state.last_id, opening=opening)
        reader = subscribe(view, after)
        chunks = _one_after_the_other(silence, reader)
    else:
        reader = subscribe(view, after, opening=opening)
        chunks = reader.chunks()
    if on_left or on_end:
        chunks = _noticing(chunks, on_left, on_end)
    return EventStream(chunks, format, is_told=lambda: reader.ended)


async def _one_after_the_other(first: Subscription, then: Subscription) -> AsyncGenerator[bytes, None]:
    """The chunks of one reader, and after its stream's end those of the other."""
    async with aclosing(first.chunks()) as chunks:
        async for chunk in chunks:
            yield chunk
    if first.ended:
        async with aclosing(then.chunks()) as chunks:
            async for chunk in chunks:
                yield chunk


async def _noticing(
    chunks: AsyncGenerator[bytes, None], on_left: Callable[[], None] | None, on_end: Callable[[], None] | None
) -> AsyncGenerator[bytes, None]:
    """The same chunks; who stops taking them before the last one has left."""
    has_left = True
    try:
        async for chunk in chunks:
            yield chunk
        has_left = False
    finally:
        await chunks.aclose()
        happened = on_left if has_left else on_end
        if happened:
            happened()


async def wait_for_end(task: Task) -> None:
    """Return when the task has ended. Holds no thread and no connection meanwhile.

    Raises Unavailable if this server stops first; the task goes on.
    """
    await release_thread()
    subscription = get_hub().subscribe(task.stream, WAIT_FOR_END, 0, deadline=task.deadline)
    async for _ in subscription.chunks():
        pass
    if not subscription.ended:
        raise Unavailable(f"The server is restarting. Task {task.pk} goes on: see /api/v1/tasks/{task.pk}.")


def _check_ticket(ticket: Ticket, key: StreamKey) -> None:
    """The ticket's path was checked; where the query says which stream it is, that was not enough."""
    if (ticket.stream_kind, ticket.stream_id) != (key.kind, key.id):
        raise NotAuthenticated("This ticket is for another stream. A ticket opens only the one it was made for.")


def last_event_id(request: HttpRequest) -> str:
    """The header beats the query (WHATWG: the browser sends the header when it reconnects to the same address)."""
    return request.headers.get("Last-Event-ID") or request.GET.get("last_event_id", "")


def find_place(key: StreamKey, given: str, state: log.StreamState) -> Place:
    if not given:
        # There is no beginning to start at any more once rows are gone: say where things stand instead.
        return Place(after=state.start, reset=state.pruned_id > 0)
    if given == LATEST:
        return Place(after=state.last_id, finished=state.closed)
    id = key.read(given)
    if id is None or not log.serves(key, id, state):
        return Place(after=state.start, reset=True)
    return Place(after=id, finished=state.closed and id == state.last_id)


def requested_format(request: HttpRequest, sse: Format = SSE, lines: Format = NDJSON) -> Format:
    return lines if lines.content_type in request.headers.get("Accept", "") else sse


def requested_types(request: HttpRequest) -> tuple[str, ...]:
    """`types=task.*,model.text`, repeated or separated by commas."""
    given = ",".join(request.GET.getlist("types"))
    return tuple(sorted({glob.strip() for glob in given.split(",") if glob.strip()}))


def _abort_of(request: HttpRequest) -> Callable[[], None]:
    scope: dict[str, Any] = getattr(request, "scope", {})
    extension = scope.get("extensions", {}).get(ABORT_EXTENSION)
    if extension is None:
        return lambda: None

    def cut_off() -> None:
        logger.info("A reader took nothing for %g s and is cut off", settings.STREAM_STALL_SECONDS)
        extension["abort"]()

    return cut_off
