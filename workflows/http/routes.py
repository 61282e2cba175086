"""Routes that are the same with and without a final slash."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RoutePattern


class WithOrWithoutSlash(RoutePattern):
    """Matches both at once. A redirect from one to the other would lose the body of a POST."""

    def match(self, path: str) -> Any:
        return super().match(path) or super().match(path.removesuffix("/"))


def route(pattern: str, view: Callable[..., Any]) -> URLPattern:
    """Like Django's `path`, for either form; the pattern itself has no final slash."""
    return URLPattern(WithOrWithoutSlash(pattern, is_endpoint=True), view)
