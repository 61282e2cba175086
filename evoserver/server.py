"""The web server: `python -m evoserver.server`. uvicorn, lent a way to cut off readers and a way to end streams."""

import logging
import os
import socket

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from evoserver.sockets import PONG_SECONDS, WebSocketProtocol

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evoserver.settings")

SHUTDOWN_SECONDS = 3


class Protocol(HttpToolsProtocol):
    """Tells the application how to abort its connection: closing one waits for a reader that may never read again."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"evoserver.abort": {"abort": self.transport.abort}}


class Server(uvicorn.Server):
    """Ends its streams before it waits for its connections, so that a restart takes no longer than its requests."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from workflows.streaming.hub import get_hub  # noqa: PLC0415 - Django is set up by the application, later

        get_hub().shutdown()
        await super().shutdown(sockets)


def main() -> None:
    from django.conf import settings  # noqa: PLC0415 - reads the environment that is set above

    if settings.SECURE_SSL_REDIRECT and not settings.TRUSTED_PROXIES:
        logging.getLogger(__name__).warning(
            "HTTPS is on, but TRUSTED_PROXIES names no proxy that could say that a request came by it, so all requests "
            "but for health and metrics are sent to HTTPS. Name the proxy, or set HTTPS=0 for a server without one."
        )
    config = uvicorn.Config(
        "evoserver.asgi:application",
        host=settings.SERVER_HOST,
        port=settings.SERVER_PORT,
        http=Protocol,
        ws=WebSocketProtocol,
        ws_max_size=settings.MAX_BODY_BYTES,
        ws_ping_interval=settings.STREAM_HEARTBEAT_SECONDS,
        # Behind all that waits for a slow reader.
        ws_ping_timeout=PONG_SECONDS,
        # Frames are made once for all who read them; packing them would be done for each.
        ws_per_message_deflate=False,
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        # Forwarding headers say who is calling and by which scheme, so they count only from who the operator names.
        proxy_headers=bool(settings.TRUSTED_PROXIES),
        forwarded_allow_ips=settings.TRUSTED_PROXIES,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        timeout_keep_alive=30,
    )
    Server(config).run()


if __name__ == "__main__":
    main()
