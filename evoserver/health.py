"""Is the server there?"""

from django.http import HttpRequest, JsonResponse


async def health(request: HttpRequest) -> JsonResponse:
    """`GET /health`: the process answers. It says nothing of the database or the workers."""
    return JsonResponse({"status": "healthy"})
