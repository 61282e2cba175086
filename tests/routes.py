"""All routes, from the URL configuration, for tests that no route may escape."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver


class Route(NamedTuple):
    """One method of one path, such as `stream/<str:task_id>`."""

    method: str
    pattern: str
    view: Any
    """The function, or the class of a view that is one."""
    app: str | None
    """The `app_name` of its URL configuration."""

    @property
    def right(self) -> Any:
        return getattr(self.view, "rights", {}).get(self.method)


def all_routes() -> list[Route]:
    return [route for entry in _entries(get_resolver().url_patterns) for route in _routes(*entry)]


def _routes(pattern: str, callback: Any, app: str | None) -> Iterator[Route]:
    if hasattr(callback, "rights"):
        yield from (Route(method, pattern, callback, app) for method in callback.rights)
        return
    view = getattr(callback, "view_class", None)
    if view is None:
        yield Route("GET", pattern, callback, app)
        return
    handled = [name for name in view.http_method_names if hasattr(view, name) and name not in ("head", "options")]
    yield from (Route(name.upper(), pattern, view, app) for name in handled)


def _entries(
    patterns: list[URLPattern | URLResolver], prefix: str = "", app: str | None = None
) -> Iterator[tuple[str, Any, str | None]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from _entries(entry.url_patterns, prefix + str(entry.pattern), entry.app_name or app)
        else:
            yield prefix + str(entry.pattern), entry.callback, app
