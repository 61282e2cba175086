"""uvicorn's WebSocket, so that a client who does not read costs little and not for long."""

import logging
from asyncio import TimerHandle
from typing import Any, Final

from django.conf import settings
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

logger = logging.getLogger(__name__)

PONG_SECONDS: Final = 60.0
"""So long after a ping the client is gone. Long, since pings wait behind all else that a slow one is sent."""
GOODBYE_SECONDS: Final = 10.0


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Reading stops while the application is busy, and sending waits while the client is: both are uvicorn's.

    Added is an end: closing a connection waits for a client that may never read again, aborting one does not.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # They would write addresses with their queries, and with DEBUG all that is said.
        self.logger = self.conn.logger = logging.getLogger("uvicorn.websocket")
        self.conn.debug = False
        self._patience: TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._patience = self.loop.call_later(settings.STREAM_STALL_SECONDS, self._cut_off)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:  # Pings may be left unanswered while others are (RFC 6455, section 5.5.3), and pongs pile up.
            self.conn.data_to_send()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            # uvicorn would log it, with a traceback for each such client.
            self.conn.fail(CloseCode.INVALID_DATA, "not valid UTF-8")
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Say what was wrong with what was sent, and read on to the client's end: closing while it still sends would
        reset the connection, and the reason with it."""
        if self.close_sent:
            return
        closing = self.conn.close_sent
        assert closing is not None
        self.queue.put_nowait({"type": "websocket.disconnect", "code": closing.code, "reason": closing.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        self.close_sent = True
        self.close_timer = self.loop.call_later(GOODBYE_SECONDS, self.transport.abort)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    async def send(self, message: Any) -> None:
        """Raises ClientDisconnected also where the protocol, and not the application, has said goodbye."""
        await self.writable.wait()
        if self.close_sent:
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.close":
            self.loop.call_later(GOODBYE_SECONDS, self.transport.abort)

    def _cut_off(self) -> None:
        logger.info("A WebSocket took nothing for %g s and is cut off", settings.STREAM_STALL_SECONDS)
        self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._patience:
            self._patience.cancel()
            self._patience = None


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
