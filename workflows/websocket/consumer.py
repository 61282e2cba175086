"""The WebSocket itself: opened, listened to, kept alive, closed."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import ExitStack, suppress
from typing import Any, Final

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponseBase

from sessions.authentication import QUERY_NAMES
from sessions.callers import Caller
from workflows.exceptions import Conflict, NotAllowed, NotAuthenticated, NotFound
from workflows.http.errors import error_response, translate
from workflows.http.views import validated
from workflows.measures import MEASURES
from workflows.streaming.hub import Guest, get_hub
from workflows.websocket.errands import Errands
from workflows.websocket.inner import Headers, InnerRequest, answered, error_in, identity_in, scheme_of
from workflows.websocket.messages import Authenticate, Errand, Named, errand_of, id_of, read_message
from workflows.websocket.opening import trusted
from workflows.websocket.outbox import Disconnected, Outbox

PATHS: Final = ("/ws/", "/ws")
CREDENTIALS_SECONDS: Final = 10.0
CREDENTIALS: Final = 'Send {"type": "authenticate", "token": "…"} as the first message.'


class Socket(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """One connection. It is accepted first and refused later: browsers tell a page nothing of a refused handshake."""

    # Streams come from the hub. A channel of Redis for each connection would lose messages under load.
    channel_layer_alias = None
    scope: dict[str, Any]

    def __init__(self, handler: ASGIHandler) -> None:
        """`handler` answers the requests that come by the connection."""
        super().__init__()
        self._handler = handler
        self._identity: Headers = []
        self._is_admitted = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        self._outbox = Outbox(send)
        self._errands = Errands(self._handler, self._outbox)
        MEASURES.websockets += 1
        with ExitStack() as self._stay:
            try:
                await super().__call__(scope, receive, send)
            except Disconnected:
                pass
            finally:
                MEASURES.websockets -= 1
                for task in self._tasks:
                    task.cancel()
                await self._errands.give_up_all()

    async def connect(self) -> None:
        await self.accept()
        if self.scope["path"] not in PATHS:
            await self._refuse(error_response(NotFound("No WebSocket is here. Open one at /ws/.")))
            return
        try:
            self._identity = trusted(scheme_of(self.scope), identity_in(self.scope["headers"]))
        except NotAllowed as error:
            await self._refuse(error_response(error))
            return
        refusal = await self._ask_for_caller()
        if refusal and refusal.status_code == NotAuthenticated.status and not self._has_token():
            self._spawn(self._wait_for_credentials())
        elif refusal:
            await self._refuse(refusal)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message: dict[str, Any] = {}
        try:
            message = read_message(text_data)
            await self._take(message)
        except Disconnected:
            raise
        except Exception as error:  # the edge: what is not ours goes on to the server, which logs it and disconnects
            ours = translate(error)
            if ours is None:
                raise
            await self._outbox.put_error(id_of(message), ours)

    async def _take(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "ping":
            await self._outbox.put("pong", id=id_of(message))
        elif kind == "authenticate":
            await self._authenticate(validated(Authenticate, message)["token"])
        elif not self._is_admitted:
            raise NotAuthenticated(CREDENTIALS)
        elif kind == "unsubscribe":
            await self._errands.give_up(validated(Named, message)["id"])
        else:
            errand = errand_of(message)
            await self._errands.start(errand, InnerRequest(self.scope, self._identity, errand))

    async def _authenticate(self, token: str) -> None:
        if self._is_admitted:
            raise Conflict("This WebSocket has its caller already. Open another one to be somebody else.")
        others = [pair for pair in self._identity if pair[0] not in (b"authorization", b"cookie")]
        self._identity = [*others, (b"authorization", f"Bearer {token}".encode())]
        if refusal := await self._ask_for_caller():
            await self._refuse(refusal)

    async def _ask_for_caller(self) -> HttpResponseBase | None:
        """Admit whoever the headers say is calling. Returns the response that says why not."""
        query = self.scope["query_string"].decode("latin-1")
        request = InnerRequest(self.scope, self._identity, Errand("", "GET", PATHS[0], query))
        async with answered(self._handler, request) as response:
            if request.caller is None:
                return response
        await self._admit(request.caller)
        return None

    def _has_token(self) -> bool:
        """Whether the client has said who it wants to be, and is not."""
        query = self.scope["query_string"].decode("latin-1")
        return any(name == b"authorization" for name, _ in self._identity) or any(
            f"{name}=" in query for name in QUERY_NAMES
        )

    async def _admit(self, caller: Caller) -> None:
        self._is_admitted = True
        guest = self._stay.enter_context(get_hub().hosting(caller))
        await self._outbox.put("ready", user=caller.user.get_username(), group=caller.group.name)
        self._spawn(self._keep_alive(guest))

    async def _keep_alive(self, guest: Guest) -> None:
        """Say something now and then, until the caller is no longer who it was."""
        while not guest.gone.is_set():
            try:
                await asyncio.wait_for(guest.gone.wait(), settings.STREAM_HEARTBEAT_SECONDS - self._outbox.silence)
            except TimeoutError:
                if self._outbox.silence >= settings.STREAM_HEARTBEAT_SECONDS:
                    await self._outbox.put("heartbeat")
        await self._refuse(error_response(NotAuthenticated("Your token, login or membership is no longer valid.")))

    async def _wait_for_credentials(self) -> None:
        await asyncio.sleep(CREDENTIALS_SECONDS)
        if not self._is_admitted:
            await self._refuse(error_response(NotAuthenticated(CREDENTIALS)))

    async def _refuse(self, response: HttpResponseBase) -> None:
        """Say why, and close."""
        if response.status_code < 400:  # a redirect to HTTPS, the only other answer of `/ws/`
            response = error_response(NotAllowed("Open it by wss:// instead: this server is reached by HTTPS."))
        error = error_in(response)
        await self._outbox.put("error", **error)
        await self._outbox.close(error["status"], str(error["detail"]))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def until_disconnected() -> None:
            with suppress(Disconnected):
                await work

        task = asyncio.create_task(until_disconnected())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
