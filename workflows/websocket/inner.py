"""A client's requests, answered by the very views, middleware and authenticators that answer them by HTTP."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, Final

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpResponseBase

from sessions.callers import Caller
from workflows.websocket.messages import Errand

Headers = Sequence[tuple[bytes, bytes]]

OF_THE_HANDSHAKE: Final = (
    "connection", "upgrade", "sec-websocket-", "content-", "transfer-encoding", "accept", "last-event-id",
    "idempotency-key", "x-request-id",
)  # fmt: skip
"""How headers begin that say something of the one request only that opened the WebSocket."""


class InnerRequest(ASGIRequest):
    """A request that came by a WebSocket, from whoever opened that."""

    # Requests of other sites' pages are refused when they open the WebSocket, by their Origin.
    _dont_enforce_csrf_checks = True

    caller: Caller | None = None
    """Told by `/ws/` itself."""

    def __init__(self, opened: Mapping[str, Any], identity: Headers, errand: Errand) -> None:
        """`opened` is the WebSocket's scope, `identity` those of its headers that say who is calling."""
        given = {**errand.headers, "Content-Length": str(len(errand.body))}
        headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
        scope = {
            **opened,
            "type": "http",
            "method": errand.method,
            "scheme": scheme_of(opened),
            "path": errand.path,
            "raw_path": errand.path.encode(),
            "query_string": errand.query.encode(),
            "headers": [*identity, *headers],
            "extensions": {},
        }
        super().__init__(scope, BytesIO(errand.body))


def scheme_of(opened: Mapping[str, Any]) -> str:
    """By which a page with this WebSocket would be loaded from the same place. Daphne does not say."""
    return "https" if opened.get("scheme") == "wss" else "http"


def identity_in(headers: Headers) -> Headers:
    """What says who is calling, and from where."""
    return [(name, value) for name, value in headers if not name.decode("latin-1").startswith(OF_THE_HANDSHAKE)]


def json_in(response: HttpResponseBase) -> Any:
    """The value of its body; None where that is no JSON."""
    content: bytes = getattr(response, "content", b"")
    return json.loads(content) if "json" in response.headers.get("Content-Type", "") else None


def error_in(response: HttpResponseBase) -> dict[str, Any]:
    """What an error's response says: `status`, `detail`, `retry_after`, and its `body` where that says more."""
    body = json_in(response) or {}
    wait = response.headers.get("Retry-After")
    return {
        "status": response.status_code,
        "detail": body.get("detail"),
        "retry_after": int(wait) if wait else None,
        "body": body if len(body) > 1 else None,
    }


@asynccontextmanager
async def answered(handler: ASGIHandler, request: InnerRequest) -> AsyncIterator[HttpResponseBase]:
    """The response, as Django's handler gets it for a request by HTTP, with what belongs to one before and after."""
    async with ThreadSensitiveContext():
        await signals.request_started.asend(sender=type(handler), scope=request.scope)
        response: HttpResponseBase | None = None
        try:
            response = await handler.run_get_response(request)
            yield response
        finally:
            if response:
                await sync_to_async(response.close)()
            else:  # whoever asked went away
                await signals.request_finished.asend(sender=type(handler))
