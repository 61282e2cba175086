"""Pages for operators and their machines: health and metrics."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException
from rest_framework.views import APIView

from sessions.authentication import is_local
from workflows.exceptions import NotAllowed, NotAuthenticated
from workflows.http.errors import error_response, method_not_allowed, translate

View = Callable[[HttpRequest], Coroutine[Any, Any, HttpResponse]]


def public(view: View) -> View:
    """A page that anybody may GET."""

    @csrf_exempt
    @wraps(view)
    async def handle(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return JsonResponse({"detail": method_not_allowed(["GET"])}, status=405, headers={"Allow": "GET, HEAD"})
        return await view(request)

    handle.rights = {"GET": None}  # type: ignore[attr-defined]
    return handle


def for_operators(view: View) -> View:
    """A page for this machine, and elsewhere for staff, by a token or a login. 401 or 403 for the rest."""

    @public
    @wraps(view)
    async def handle(request: HttpRequest) -> HttpResponse:
        # Who is local is let in without a look at the rows, so that the page works while the database does not.
        if not is_local(request):
            try:
                await sync_to_async(_check_staff)(request)
            except Exception as error:  # the edge: what is not ours goes on to Django, which logs it and answers 500
                ours = translate(error)
                if ours is not None:
                    return error_response(ours)
                if isinstance(error, APIException):
                    return JsonResponse({"detail": str(error.detail)}, status=error.status_code)
                raise
        response = await view(request)
        response["Cache-Control"] = "no-store"
        return response

    return handle


def _check_staff(request: HttpRequest) -> None:
    user = APIView().initialize_request(request).user
    if not user.is_authenticated:
        raise NotAuthenticated("This page is for operators. Send a staff user's token: `Authorization: Bearer …`.")
    if not user.is_staff:
        raise NotAllowed("This page is for operators: users whom an administrator has made staff.")
