"""A limit on request bodies, kept while they arrive: Django reads a body whole, to disk, before any view sees it.

`LimitBodies` stands before Django and cuts a body that is too large; `RefuseLargeBodies`, inside, gives the answer, so
that it gets the headers of every answer (CORS: a browser's page could not read it otherwise).
"""

import asyncio

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evoserver.middleware import Middleware

CUT = "evoserver.body_was_cut"
"""The scope's key that says so."""


class LimitBodies:
    """ASGI middleware that ends a body at `limit` bytes. What is larger is not read any further."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = self.limit
        was_announced = _announced(scope) > self.limit

        async def limited_receive() -> Message:
            nonlocal left
            if CUT in scope:
                # The answer waits for nothing from here; who listens for the caller to leave is stopped with it.
                await asyncio.get_running_loop().create_future()
            if not was_announced:  # else it is not even begun: asking for it would tell the caller to send it
                message = await receive()
                left -= len(message.get("body", b""))
                if left >= 0:
                    return message
            scope[CUT] = True
            return {"type": "http.request", "body": b"", "more_body": False}

        await self.app(scope, limited_receive, send)


class RefuseLargeBodies(Middleware):
    """Django middleware that answers 413 where a body was cut."""

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        return _refusal() if CUT in getattr(request, "scope", {}) else None


def _refusal() -> HttpResponseBase:
    detail = f"The body is larger than {settings.MAX_BODY_BYTES} bytes, the most that this server takes."
    response = JsonResponse({"detail": detail}, status=413)
    response["Content-Length"] = len(response.content)
    # What is left of the body will not be read.
    response["Connection"] = "close"
    return response


def _announced(scope: Scope) -> int:
    for name, value in scope.get("headers", ()):
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
