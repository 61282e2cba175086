"""The ASGI application: static files, WebSockets, and Django behind a limit on bodies."""

import os
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evoserver.settings")
_django = get_asgi_application()

# Django must be set up before these can be imported.
from django.conf import settings  # noqa: E402
from starlette.staticfiles import StaticFiles  # noqa: E402
from starlette.types import ASGIApp, Receive, Scope, Send  # noqa: E402

import evoserver.urls  # noqa: E402, F401 - now, or the first request would wait for all views to be imported
from evoserver.assets import Assets  # noqa: E402
from evoserver.bodies import LimitBodies  # noqa: E402
from workflows.websocket.consumer import Socket  # noqa: E402

_files = StaticFiles(
    directory=settings.BASE_DIR / "static",
    packages=[("django.contrib.admin", "static"), ("drf_spectacular_sidecar", "static")],
)
_static = Assets(_files, settings.STATIC_ROOT_URL, settings.STATIC_VERSION)
_limited = LimitBodies(cast(ASGIApp, _django), settings.MAX_BODY_BYTES)
_sockets = Socket.as_asgi(handler=_django)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http" and scope["path"].startswith(settings.STATIC_ROOT_URL):
        await _static(scope, receive, send)
    elif scope["type"] == "websocket":
        await _sockets(scope, receive, send)
    else:
        await _limited(scope, receive, send)
