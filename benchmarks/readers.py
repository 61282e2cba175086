"""The load generator: many streams, read by one loop on one core.

No client library, no parsing, no event loop: on this core it has to take far more frames than any server sends.
"""

import re
import select
import socket
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from benchmarks.payload import MARK

BUFFER_BYTES = 1_000_000
OPENED_AT_ONCE = 20
OPEN_SECONDS = 20.0

_MARK = MARK.encode()
_STAMP = re.compile(rb'"at": ?"(\d+\.\d+)"')


class Readers:
    """Streams that are open between `__enter__` and `__exit__`; `frames` and `samples` grow while `read_for` runs.

    `samples` holds, for each frame on the first `sampled` streams, its event's stamp and when it was received.
    """

    def __init__(self, port: int, paths: Sequence[str], *, sampled: int) -> None:
        self.frames = 0
        self.samples: list[tuple[str, float]] = []
        self.busy = 0.0
        """The share of the last `read_for` in which this process used its core."""
        self._port = port
        self._paths = paths
        self._sampled = sampled
        self._sockets: dict[int, socket.socket] = {}
        self._rests: dict[int, bytes] = {}
        """What each sampled stream sent after its last whole frame."""
        self._buffer = bytearray(BUFFER_BYTES)
        self._epoll = select.epoll()

    def __enter__(self) -> Self:
        for start in range(0, len(self._paths), OPENED_AT_ONCE):
            asked = [_ask(self._port, path) for path in self._paths[start : start + OPENED_AT_ONCE]]
            for stream in asked:
                _expect_stream(stream)
                self._add(stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._epoll.close()
        for stream in self._sockets.values():
            stream.close()

    def read_for(self, seconds: float) -> float:
        """Read anew for so long. Returns how many frames a second came. Raises ConnectionError if a stream ends."""
        self.frames = 0
        self.samples.clear()
        started, used = time.monotonic(), time.process_time()
        while (left := started + seconds - time.monotonic()) > 0:
            self._read_ready(left)
        took = time.monotonic() - started
        self.busy = (time.process_time() - used) / took
        return self.frames / took

    def read_on(self, frames: int, *, seconds: float) -> None:
        """Read on until there are so many, but no longer than so many seconds."""
        deadline = time.monotonic() + seconds
        while self.frames < frames and (left := deadline - time.monotonic()) > 0:
            self._read_ready(left)

    def delays(self) -> list[float]:
        """Milliseconds from when an event was due to when it was received."""
        return [(received - float(at)) * 1000 for at, received in self.samples]

    def _add(self, stream: socket.socket) -> None:
        descriptor = stream.fileno()
        if len(self._sockets) < self._sampled:
            self._rests[descriptor] = b""
        self._sockets[descriptor] = stream
        stream.setblocking(False)
        self._epoll.register(descriptor, select.EPOLLIN)

    def _read_ready(self, seconds: float) -> None:
        for descriptor, _ in self._epoll.poll(seconds):
            self._read(descriptor)

    def _read(self, descriptor: int) -> None:
        size = self._sockets[descriptor].recv_into(self._buffer)
        if size == 0:
            raise ConnectionError("the server ended a stream that was being measured")
        frames = self._buffer.count(_MARK, 0, size)
        self.frames += frames
        if descriptor in self._rests:
            self._sample(descriptor, bytes(memoryview(self._buffer)[:size]))

    def _sample(self, descriptor: int, received: bytes) -> None:
        now = time.time()
        whole, _, self._rests[descriptor] = (self._rests[descriptor] + received).rpartition(_MARK)
        self.samples += [(stamp.decode(), now) for stamp in _STAMP.findall(whole)]


def _ask(port: int, path: str) -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", port), timeout=OPEN_SECONDS)
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n"
    stream.sendall(head.encode())
    return stream


def _expect_stream(stream: socket.socket) -> None:
    head = stream.recv(4096)
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(f"a stream was refused: {head[:200]!r}")
