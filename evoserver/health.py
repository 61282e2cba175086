"""Is the server there?"""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from workflows.http.errors import method_not_allowed


@csrf_exempt
async def health(request: HttpRequest) -> JsonResponse:
    """`GET /health`: the process answers. It says nothing of the database or the workers."""
    if request.method not in ("GET", "HEAD"):
        return JsonResponse({"detail": method_not_allowed(["GET"])}, status=405, headers={"Allow": "GET, HEAD"})
    return JsonResponse({"status": "healthy"})
