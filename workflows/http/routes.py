"""Routes that are the same with and without a final slash, and the routes at addresses that clients name."""

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from django.urls import Resolver404, ResolverMatch, URLPattern, resolve
from django.urls.resolvers import RoutePattern

from sessions.callers import Right


class WithOrWithoutSlash(RoutePattern):
    """Matches both at once. A redirect from one to the other would lose the body of a POST."""

    def match(self, path: str) -> Any:
        return super().match(path) or super().match(path.removesuffix("/"))


def route(pattern: str, view: Callable[..., Any]) -> URLPattern:
    """Like Django's `path`, for either form; the pattern itself has no final slash."""
    return URLPattern(WithOrWithoutSlash(pattern, is_endpoint=True), view)


class Address(NamedTuple):
    """Where an address leads to on this server."""

    path: str
    query: str
    match: ResolverMatch

    def right(self, method: str) -> Right | None:
        """What a caller needs there. None where our API has no such route: there may be a page for people."""
        view: Any = self.match.func
        rights = getattr(view, "rights", None) or getattr(getattr(view, "cls", None), "rights", {})
        return None if self.match.app_names else rights.get(method)


def find_route(address: str) -> Address | None:
    """None for what is no address on this server: a path and, if need be, a query, without the host."""
    try:
        parts = urlsplit(address)
        path = unquote(parts.path)
        return None if parts.scheme or parts.netloc else Address(path, parts.query, resolve(path))
    except (ValueError, Resolver404):
        return None
