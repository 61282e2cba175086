"""Who opens a WebSocket, and whether a page may."""

from urllib.parse import urlsplit

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from sessions.callers import Caller, Right
from workflows.exceptions import NotAllowed
from workflows.http.endpoint import endpoint
from workflows.streaming.hub import get_hub
from workflows.websocket.inner import Headers, InnerRequest


@endpoint(Right.SEE, "GET")
async def websocket(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`GET /ws/`: says who is calling, to the WebSocket that asks on behalf of its client."""
    if not isinstance(request, InnerRequest):
        detail = "Open a WebSocket here. docs/websocket.md says what goes over it."
        return JsonResponse({"detail": detail}, status=426, headers={"Upgrade": "websocket"})
    get_hub().check_room(caller)
    request.caller = caller
    return HttpResponse(status=204)


def trusted(scheme: str, identity: Headers) -> Headers:
    """The part of an identity that counts. Raises NotAllowed for a page of an origin that may not call.

    Browsers let any page open a WebSocket to anywhere and send the login's cookie along, with no regard to CORS. So the
    rules of CORS are kept here: a page from elsewhere calls only from an origin on the list, and never by a login.
    """
    headers = dict(identity)
    origin = headers.get(b"origin", b"").decode("latin-1")
    if not origin or origin == f"{scheme}://{headers.get(b'host', b'').decode('latin-1')}":
        return identity
    cors = CorsMiddleware(lambda request: HttpResponse())
    if not cors.origin_found_in_white_lists(origin, urlsplit(origin)):
        raise NotAllowed(f"Pages from {origin[:200]} may not call. Its operator can add it to CORS_ALLOWED_ORIGINS.")
    return [(name, value) for name, value in identity if name != b"cookie"]
