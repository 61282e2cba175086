"""What Django itself answers with when no view of ours did: JSON, in the settled shape."""

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, JsonResponse


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    if isinstance(exception, DisallowedHost):
        detail = "This server does not go by the name in the Host header. Its operator can add it to ALLOWED_HOSTS."
    else:
        detail = "The request is not one that this server can read."
    return JsonResponse({"detail": detail}, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse({"detail": "This is not allowed."}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    """A form or script of another site, or a page that is older than its login."""
    return JsonResponse(
        {"detail": "This request does not come from a page of this server. Load the page again."}, status=403
    )


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse({"detail": f"There is nothing at {request.path[:200]}."}, status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"detail": "Something went wrong on the server. Its log says what."}, status=500)
