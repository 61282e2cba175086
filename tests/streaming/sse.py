"""A reader of raw event streams, for tests that care about bytes and connections."""

import json
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests


@dataclass(frozen=True)
class Message:
    """One frame as it stood on the wire."""

    id: int | str | None
    """A number, or of a thread's stream `<run>-<seq>`."""
    event: str
    data: dict[str, Any]
    raw: str


def read_stream(url: str, last_event_id: str | int | None = None, **options: Any) -> list[Message]:
    """All frames of a stream that ends."""
    headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    response = requests.get(url, headers=headers, timeout=60, **options)
    assert response.status_code == 200, (response.status_code, response.text)
    return list(parse(response.text))


def parse(text: str) -> Iterator[Message]:
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith((":", "retry:"))]
        fields = dict(line.split(": ", 1) for line in lines)
        if "data" in fields:
            id = fields.get("id")
            number = int(id) if id and id.isdigit() else id
            yield Message(number, fields.get("event", "message"), json.loads(fields["data"]), "\n".join(lines))


class Connection:
    """A stream over a socket of its own: it reads only when told to."""

    def __init__(
        self,
        url: str,
        last_event_id: int | None = None,
        receive_buffer: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(30)
        self._socket.connect((parts.hostname, parts.port))
        fields = {"Host": parts.netloc, "Connection": "close", **(headers or {})}
        if last_event_id is not None:
            fields["Last-Event-ID"] = str(last_event_id)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def read_until(self, marker: bytes) -> bytes:
        """Read on until the marker was received, or the connection ended."""
        while marker not in self.received:
            try:
                data = self._socket.recv(65536)
            except ConnectionResetError:
                break
            if not data:
                break
            self.received += data
        return self.received

    def read_to_end(self) -> bytes:
        return self.read_until(b"\0 never sent")

    def ids(self) -> list[int]:
        """The ids of the whole frames received, whatever the chunks were cut into."""
        return [int(id) for id in re.findall(rb"(?:^|\n)id: (\d+)\n", self.body)]

    @property
    def body(self) -> bytes:
        """What was received of the body, without the chunks' sizes (RFC 9112, section 7.1)."""
        rest = self.received.partition(b"\r\n\r\n")[2]
        body = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            body += rest[: int(size or b"0", 16)]
            rest = rest[int(size or b"0", 16) + 2 :]
        return body
