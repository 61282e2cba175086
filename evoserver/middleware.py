"""What our middlewares have in common, and the one that gives each request an id, which its log lines and its answer
carry."""

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from sessions import trace

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What is taken over from a client or proxy. Nothing that could break a log line or grow it."""


class Middleware:
    """Something done before and after each request.

    Async where Django is, which would lend a thread to a plain middleware and keep it for as long as a stream is open.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if iscoroutinefunction(self.get_response):
            return self._call_async(request)
        return self.before(request) or self.after(self.get_response(request))

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        return self.before(request) or self.after(await self.get_response(request))

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        """An answer that makes the view's unnecessary, or None. It must not block."""

    def after(self, response: HttpResponseBase) -> HttpResponseBase:
        """The view's answer, or what takes its place. It must not block."""
        return response


class RequestIds(Middleware):
    """The id is the request's `X-Request-ID` where that is sane, else a new one.

    It stays noted after the response began, so that what a stream logs later carries it too: under ASGI each request
    has a context of its own, and elsewhere the next request begins anew.
    """

    def before(self, request: HttpRequest) -> None:
        given = request.headers.get(HEADER, "")
        trace.begin(request=given if SANE.fullmatch(given) else uuid.uuid4().hex)

    def after(self, response: HttpResponseBase) -> HttpResponseBase:
        response[HEADER] = trace.current()["request"]
        return response

    async def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Async, since Django would lend a thread to a plain one."""
        trace.note(task=_as_id(kwargs.get("task_id")), session=_as_id(kwargs.get("client_id")))


def _as_id(value: object) -> uuid.UUID | None:
    """Only true ids get into the log: the rest of an address is whatever a client wrote."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None
