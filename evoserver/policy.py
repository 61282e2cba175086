"""What our pages may load: a Content-Security-Policy on every page, of the dashboard, the admin and errors alike."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

HEADER = "Content-Security-Policy"

PAGE = "; ".join(
    (
        # Files of our own and nothing else, above all no inline script or style, and nothing made of text by `eval`.
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
"""For what is no page, should a browser ever take it for one."""


class ContentPolicy:
    """Sets the policy unless the view has set one of its own.

    Async where Django is, since a plain middleware would pin a thread to each stream.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if iscoroutinefunction(self.get_response):
            return self._call_async(request)
        return _with_policy(self.get_response(request))

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        return _with_policy(await self.get_response(request))


def _with_policy(response: HttpResponseBase) -> HttpResponseBase:
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    if is_page and settings.DEBUG and response.status_code >= 400:
        return response  # Django's debug pages are made of inline styles and scripts
    if HEADER not in response.headers:
        response.headers[HEADER] = PAGE if is_page else NO_PAGE
    return response
