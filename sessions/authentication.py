"""Authenticators for DRF views and, through `workflows.http`, for the async ones.

Each sets `request.auth` to the `Caller`. A Django login has no token to say for which group it acts: its caller
acts for the first of the user's groups.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from sessions import trace
from sessions.callers import Caller
from sessions.models import ApiToken, digest_of

LOCAL_NAME = "local"
"""The name of the local user and of its group. `manage.py prepare_local` makes both."""

FORWARDING_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
)


QUERY_NAMES = ("token", "access_token", "api_key", "apikey", "authorization")


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        if name := next((name for name in QUERY_NAMES if name in request.query_params), None):
            raise AuthenticationFailed(
                f"Do not put a token into the address ({name}=…): addresses are logged along the way. Revoke it, and "
                "send a new one with the header `Authorization: Bearer …`."
            )
        scheme, _, token = get_authorization_header(request).decode("latin-1").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        row = ApiToken.objects.select_related("user", "group").filter(digest=digest_of(token.strip())).first()
        if row is None or not row.user.is_active:
            raise AuthenticationFailed("This token is not known. Make one with `manage.py create_token`.")
        if not row.is_valid(timezone.now()):
            raise AuthenticationFailed("This token has expired or was revoked.")
        if not row.user.groups.filter(pk=row.group_id).exists():
            raise AuthenticationFailed("This token's user is no longer in the group that it acts for.")
        return row.user, Caller(user=row.user, group=row.group, via="token", token_id=row.pk)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class LocalAuthentication(BaseAuthentication):
    """With `LOCAL_ACCESS`, a caller on this machine who came directly is the local user.

    Directly means: peer and Host are loopback, no proxy forwarded the request, and a browser's page, if one sent it,
    was itself loaded from this machine (so that a page from elsewhere cannot use the visitor's server).
    """

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        if not settings.LOCAL_ACCESS or not is_local(request._request):
            return None
        try:
            user = User.objects.get(username=LOCAL_NAME)
            group = Group.objects.get(name=LOCAL_NAME)
        except (User.DoesNotExist, Group.DoesNotExist):
            return None
        return user, Caller(user=user, group=group, via="local")


def is_local(request: HttpRequest) -> bool:
    meta: dict[str, Any] = request.META
    if any(header in meta for header in FORWARDING_HEADERS):
        return False
    if not _is_loopback(meta.get("REMOTE_ADDR", "")):
        return False
    if not _is_loopback(urlsplit(f"//{meta.get('HTTP_HOST', '')}").hostname or ""):
        return False
    origin = meta.get("HTTP_ORIGIN")
    return origin is None or _is_loopback(urlsplit(origin).hostname or "")


def caller_of(request: Request) -> Caller:
    """The caller of an authenticated DRF request. Raises PermissionDenied for a login without a group."""
    caller = request.auth if isinstance(request.auth, Caller) else _logged_in(request)
    trace.note(caller=f"{caller.user.pk}@{caller.group_id}")
    return caller


def _logged_in(request: Request) -> Caller:
    assert isinstance(request.user, User)
    group = request.user.groups.order_by("pk").first()
    if group is None:
        raise PermissionDenied("You belong to no group yet. Ask an administrator to add you to one.")
    return Caller(user=request.user, group=group, via="login")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
