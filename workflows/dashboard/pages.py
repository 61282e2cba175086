"""What all pages have in common: who may see them, that no cache keeps them, and how an error looks."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse

from sessions.callers import Caller, Right
from workflows.exceptions import EvoserverError, NotAuthenticated
from workflows.http.endpoint import authorize
from workflows.http.errors import translate

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
CallersView = Callable[Concatenate[HttpRequest, Caller, P], HttpResponseBase]


def page(**rights: Right) -> Callable[[CallersView[P]], View[P]]:
    """A page for callers with the right that its method needs: `page(GET=Right.SEE)`. Others are sent to the login."""

    def decorate(view: CallersView[P]) -> View[P]:
        @wraps(view)
        def show(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            right = rights.get("GET" if request.method == "HEAD" else str(request.method))
            if right is None:
                return HttpResponseNotAllowed(sorted(rights))
            try:
                return view(request, authorize(request, right), *args, **kwargs)
            except Exception as error:  # the edge: what is not ours goes on to Django, which logs it and answers 500
                ours = translate(error)
                if ours is None:
                    raise
                if isinstance(ours, NotAuthenticated):
                    return redirect_to_login(request.get_full_path(), reverse("dashboard:login"))
                return error_page(request, ours)

        show.rights = dict(rights)  # type: ignore[attr-defined]
        return guarded(show)

    return decorate


def guarded(view: View[P]) -> View[P]:
    """The view, whose pages are kept by no cache."""

    @wraps(view)
    def show(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return show


def error_page(request: HttpRequest, error: EvoserverError) -> HttpResponse:
    response = render(request, "dashboard/error.html", {"error": error}, status=error.status)
    if retry_after := getattr(error, "retry_after", None):
        response["Retry-After"] = str(retry_after)
    return response
