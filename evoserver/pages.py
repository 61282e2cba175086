"""What Django itself answers with when no view of ours did: a page for browsers, for all others JSON in the settled
shape."""

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse

from workflows.dashboard.pages import error_page
from workflows.exceptions import EvoserverError, NotAllowed, NotFound
from workflows.http.errors import error_response


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    if isinstance(exception, DisallowedHost):
        detail = "This server does not go by the name in the Host header. Its operator can add it to ALLOWED_HOSTS."
    else:
        detail = "The request is not one that this server can read."
    return JsonResponse({"detail": detail}, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _shown(request, NotAllowed("This is not allowed."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form or script of another site, or a page that is older than its login."""
    return _shown(request, NotAllowed("This request does not come from a page of this server. Load the page again."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _shown(request, NotFound(f"There is nothing at {request.path[:200]}."))


def server_error(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"detail": "Something went wrong on the server. Its log says what."}, status=500)


def _shown(request: HttpRequest, error: EvoserverError) -> HttpResponse:
    if "text/html" in request.headers.get("Accept", ""):
        return error_page(request, error)
    return error_response(error)
