"""A connection that breaks: a proxy in front of the server which cuts streams off."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

STREAM = rb"GET /stream/"


class CuttingProxy:
    """A TCP proxy that cuts the first `cuts` streams after so many bytes of their responses."""

    def __init__(self, url: str, cuts: int, after_bytes: int, stream: bytes = STREAM) -> None:
        self._target = (urlsplit(url).hostname or "", urlsplit(url).port or 80)
        self._cuts = cuts
        self._after_bytes = after_bytes
        self._stream = re.compile(stream)

    def accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        limits: list[int] = []
        with client, socket.create_connection(self._target) as server, suppress(OSError):
            threading.Thread(target=self._pump_requests, args=[client, server, limits], daemon=True).start()
            try:
                while data := server.recv(65_536):
                    if limits and len(data) >= limits[0]:
                        client.sendall(data[: limits[0]])
                        return
                    limits[:] = [limit - len(data) for limit in limits]
                    client.sendall(data)
            finally:
                # Closing alone ends nothing while the other thread waits in recv().
                client.shutdown(socket.SHUT_RDWR)
                server.shutdown(socket.SHUT_RDWR)

    def _pump_requests(self, client: socket.socket, server: socket.socket, limits: list[int]) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                if self._stream.match(data) and self._cuts:
                    self._cuts -= 1
                    limits.append(self._after_bytes)
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)


@contextmanager
def cutting_proxy(url: str, *, cuts: int, after_bytes: int, stream: bytes = STREAM) -> Iterator[str]:
    """The proxy's address, while it runs. `stream`: how requests for streams begin, as a regular expression."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = CuttingProxy(url, cuts, after_bytes, stream)
        threading.Thread(target=proxy.accept, args=[listener], daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        # A thread that waits in accept() keeps the socket open; this wakes it.
        listener.shutdown(socket.SHUT_RDWR)
