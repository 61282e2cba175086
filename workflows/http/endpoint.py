"""Async views that stream or wait. DRF has no async views and answers 406 to `text/event-stream`, so these are plain
Django views which use DRF's authenticators and serializers."""

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated
from rest_framework.views import APIView

from sessions import tickets
from sessions.authentication import caller_of
from sessions.callers import Caller, Right
from workflows.http.access import require
from workflows.http.errors import error_response, method_not_allowed, translate
from workflows.streaming.responses import EventStream, Finished

logger = logging.getLogger(__name__)

P = ParamSpec("P")
Handler = Callable[Concatenate[HttpRequest, Caller, P], Coroutine[Any, Any, HttpResponseBase]]


def endpoint(
    right: Right, *methods: str
) -> Callable[[Handler[P]], Callable[Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponseBase]]]:
    """An async view for these methods and for callers with this right; its exceptions get the settled error shapes.

    The view is called with the caller. What it needs stays with it as `rights`, for whoever lists the routes, and the
    view itself as `view`. A GET may come with a stream ticket instead of credentials, if it opens that stream.
    """

    def decorate(view: Handler[P]) -> Callable[Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponseBase]]:
        @wraps(view)
        async def handle(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in methods:
                detail = {"detail": method_not_allowed(methods)}
                return JsonResponse(detail, status=405, headers={"Allow": ", ".join(methods)})
            try:
                caller = await sync_to_async(authorize_reader)(request, right)
                response = await view(request, caller, *args, **kwargs)
                if caller.ticket and not isinstance(response, EventStream | Finished):
                    raise AuthenticationFailed("A ticket opens a stream, and nothing else.")
                return response
            except Exception as error:  # the edge: what is not ours goes on to Django, which logs it and answers 500
                ours = translate(error)
                if ours is not None:
                    return error_response(ours)
                if isinstance(error, APIException):
                    return JsonResponse({"detail": str(error.detail)}, status=error.status_code)
                raise

        handle.rights = dict.fromkeys(methods, right)  # type: ignore[attr-defined]
        handle.view = view  # type: ignore[attr-defined]
        return csrf_exempt(handle)

    return decorate


def by_method(**views: Any) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:
    """One view of several endpoints on one path, each for its method: `by_method(GET=listed, POST=made)`."""

    async def handle(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
        view = views.get(str(request.method))
        if view is None:
            detail = {"detail": method_not_allowed([*views])}
            return JsonResponse(detail, status=405, headers={"Allow": ", ".join(views)})
        response: HttpResponseBase = await view(request, *args, **kwargs)
        return response

    first = next(iter(views.values()))
    handle.__module__, handle.__qualname__ = first.__module__, first.__qualname__
    rights = {method: view.rights[method] for method, view in views.items()}
    handle.rights = rights  # type: ignore[attr-defined]
    if "GET" in views:  # for tickets, which open by it
        handle.view = views["GET"].view  # type: ignore[attr-defined]
    # The class that stands for each of them where routes are described has one method.
    described = {method.lower(): getattr(view.cls, method.lower()) for method, view in views.items()}
    members = {"__module__": first.__module__, "rights": rights, **described}
    handle.cls = type(first.__name__, (APIView,), members)  # type: ignore[attr-defined]
    handle.initkwargs = {}  # type: ignore[attr-defined]
    return csrf_exempt(handle)


def authorize_reader(request: HttpRequest, right: Right) -> Caller:
    """The caller, likewise, of a route that may be a stream: one who came with a ticket is whoever asked for it."""
    ticket = request.GET.get(tickets.PARAMETER)
    if ticket is None or request.method != "GET":
        return authorize(request, right)
    caller = tickets.authenticate(ticket, request.path)
    require(caller, right)
    return caller


def authorize(request: HttpRequest, right: Right) -> Caller:
    """The caller, who has this right. Raises NotAllowed, and what `authenticate` raises."""
    caller = authenticate(request)
    require(caller, right)
    return caller


def authenticate(request: HttpRequest) -> Caller:
    """The caller, by DRF's configured authenticators. Raises DRF's NotAuthenticated or AuthenticationFailed."""
    drf_request = APIView().initialize_request(request)
    if not drf_request.user.is_authenticated:
        raise NotAuthenticated()
    return caller_of(drf_request)
