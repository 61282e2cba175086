"""Gives each request an id, which its log lines and its answer carry."""

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


class RequestIds:
    """The id is the request's `X-Request-ID` where that is sane, else a new one.

    It stays noted after the response began, so that what a stream logs later carries it too: under ASGI each request
    has a context of its own, and elsewhere the next request begins anew.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if iscoroutinefunction(self.get_response):
            return self._call_async(request)
        id = _begin(request)
        response: HttpResponseBase = self.get_response(request)
        response[HEADER] = id
        return response

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        id = _begin(request)
        response: HttpResponseBase = await self.get_response(request)
        response[HEADER] = id
        return response

    async def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Async, since Django would lend a thread to a plain one."""
        trace.note(task=_as_id(kwargs.get("task_id")), session=_as_id(kwargs.get("client_id")))


def _begin(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    id = given if SANE.fullmatch(given) else uuid.uuid4().hex
    trace.begin(request=id)
    return id


def _as_id(value: object) -> uuid.UUID | None:
    """Only true ids get into the log: the rest of an address is whatever a client wrote."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None
