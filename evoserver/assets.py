"""Static files, under an address that holds their version: `/static/<version>/dashboard/tasks.js`.

A page names the version that its server has, and modules import each other by relative addresses, so that a page and
all that it loads are of one version, and browsers keep the files for good. Where two versions run during an upgrade,
the one that is asked for the other's files gives its own, and tells the browser not to keep them.
"""

import re

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

KEPT = "public, max-age=31536000, immutable"
"""A year; RFC 8246 for `immutable`."""
ASKED_AGAIN = "no-cache"
"""Kept, but never used without asking whether it is still the same (RFC 9111 §5.2.2.4)."""

VERSION = re.compile(r"[0-9a-f]{12}")


class Assets:
    """An ASGI application for everything below `root` (`/static/`); `version` is the one it has."""

    def __init__(self, files: StaticFiles, root: str, version: str) -> None:
        self._files = files
        self._root = root
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        version, path = self._split(scope["path"])
        kept = KEPT if version == self._version else ASKED_AGAIN

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = kept if message["status"] in (200, 206, 304) else ASKED_AGAIN
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        response = await self._response(path, scope)
        await response(scope, receive, send_with_headers)

    def _split(self, path: str) -> tuple[str, str]:
        """The version, or "" where the address has none, and the file's path."""
        first, slash, rest = path.removeprefix(self._root).partition("/")
        return (first, rest) if slash and VERSION.fullmatch(first) else ("", path.removeprefix(self._root))

    async def _response(self, path: str, scope: Scope) -> Response:
        inner = {**scope, "path": f"/{path}", "root_path": ""}
        try:
            return await self._files.get_response(self._files.get_path(inner), inner)
        except HTTPException as refusal:
            # As an application of its own it would leave this to a framework around it, and there is none.
            return PlainTextResponse(refusal.detail, refusal.status_code, headers=refusal.headers)
