"""What is open on one WebSocket: streams that are followed, and requests that wait for their answers."""

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import Any, Final

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponseBase

from workflows.exceptions import Conflict, NotFound, TooMany
from workflows.http.tickets import NO_STREAM
from workflows.streaming.responses import EventStream
from workflows.websocket.inner import InnerRequest, answered, error_in, json_in
from workflows.websocket.messages import Errand
from workflows.websocket.outbox import Disconnected, Outbox

logger = logging.getLogger(__name__)

AT_ONCE: Final = 16
"""Requests that are begun side by side. Each takes a thread until it has its answer or is a stream."""
PATIENCE_SECONDS: Final = 1.0
"""So long the next one waits for one of these; a blocking call is not to hold up the message that cancels it."""


class Errands:
    """Does what a client asks for, each errand by itself, and tells of it under the errand's id."""

    def __init__(self, handler: ASGIHandler, outbox: Outbox) -> None:
        self._handler = handler
        self._outbox = outbox
        self._open: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._beginning: set[asyncio.Future[None]] = set()

    async def start(self, errand: Errand, request: InnerRequest) -> None:
        """Raises Conflict for an id that is open, TooMany beyond `STREAMS_PER_CALLER`."""
        if errand.id in self._open:
            raise Conflict(f"Something is open under the id {errand.id!r}. Choose another one, or unsubscribe it.")
        if len(self._open) >= settings.STREAMS_PER_CALLER:
            raise TooMany(
                f"{len(self._open)} streams and requests are open on this WebSocket. Unsubscribe some, or follow many "
                "tasks by one session's stream.",
                retry_after=5,
            )
        if len(self._beginning) >= AT_ONCE:
            await asyncio.wait(self._beginning, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        begun = asyncio.get_running_loop().create_future()
        self._beginning.add(begun)
        begun.add_done_callback(self._beginning.discard)
        task = self._open[errand.id] = asyncio.create_task(self._do(errand, request, begun))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Also of one that was given up before it took its first step.
        task.add_done_callback(lambda _: _settle(begun))

    async def give_up(self, id: str) -> None:
        """Leave a stream, or a request that has no answer yet, as a client of HTTP who goes away.

        Raises NotFound where nothing is open under the id.
        """
        task = self._open.pop(id, None)
        if task is None:
            raise NotFound(f"Nothing is open under the id {id!r}.")
        task.cancel()
        await asyncio.wait([task])
        await self._outbox.put("unsubscribed", id=id)

    async def give_up_all(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _do(self, errand: Errand, request: InnerRequest, begun: asyncio.Future[None]) -> None:
        try:
            await self._answer(errand, request, begun)
        except Disconnected:
            pass  # Whatever was open is given up with the connection.
        except Exception:  # a stream's defect must not look like its end
            logger.exception("%s %s failed on a WebSocket", errand.method, errand.path)
            with suppress(Disconnected):
                await self._end("interrupted", errand.id)

    async def _answer(self, errand: Errand, request: InnerRequest, begun: asyncio.Future[None]) -> None:
        async with answered(self._handler, request) as response:
            if isinstance(response, EventStream):
                await self._outbox.put("subscribed", id=errand.id, task_id=response.headers.get("X-Task-Id"))
                _settle(begun)
                await self._follow(errand.id, response)
            else:
                await self._tell(errand, response)

    async def _follow(self, id: str, stream: EventStream) -> None:
        async with aclosing(aiter(stream)) as chunks:
            async for chunk in chunks:
                await self._outbox.put_frames(id, chunk)
        await self._end("ended" if stream.is_told() else "interrupted", id)

    async def _tell(self, errand: Errand, response: HttpResponseBase) -> None:
        status, task_id = response.status_code, response.headers.get("X-Task-Id")
        if status >= 400:
            await self._end("error", errand.id, **error_in(response))
        elif not errand.is_subscription:
            await self._end("result", errand.id, status=status, task_id=task_id, body=json_in(response))
        elif status == 204:
            await self._outbox.put("subscribed", id=errand.id)
            await self._end("ended", errand.id)
        else:
            await self._end("error", errand.id, status=NotFound.status, detail=NO_STREAM)

    async def _end(self, type: str, id: str, **fields: Any) -> None:
        """The last message of an errand. From then on the client may use the id again."""
        self._open.pop(id, None)
        await self._outbox.put(type, id=id, **fields)


def _settle(begun: asyncio.Future[None]) -> None:
    if not begun.done():
        begun.set_result(None)
