"""A client of `/ws/` for tests: what it sends, and what it has been told, by id."""

import json
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.stack import READY_SECONDS

Message = dict[str, Any]


class Client:
    """One WebSocket. It reads only when told to, and notes all frames under their subscription's id."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        path: str = "/ws/",
        receive_buffer: int | None = None,
    ) -> None:
        self._connecting = connect(
            url.replace("http", "ws", 1) + path,
            additional_headers=dict(headers or {}),
            open_timeout=READY_SECONDS,
            ping_interval=None,
            proxy=None,
            max_size=None,
            sock=_narrow(url, receive_buffer) if receive_buffer else None,
        )
        self._socket = self._connecting.__enter__()
        self.frames: dict[str, list[Message]] = defaultdict(list)
        self.messages: list[Message] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connecting.__exit__(kind, error, trace)

    def send(self, type: str, **fields: Any) -> None:
        self.send_raw(json.dumps({"type": type, **fields}))

    def send_raw(self, message: str | bytes, *, as_text: bool | None = None) -> None:
        self._socket.send(message, text=as_text)

    def send_for_ever(self, message: str) -> None:
        while True:
            self._socket.send(message)

    def ask(self, type: str, **fields: Any) -> Message:
        """Send, and wait for what comes under the same id."""
        self.send(type, **fields)
        return self.until(lambda message: message.get("id") == fields.get("id") and message["type"] != "events")

    def until(self, condition: Callable[[Message], bool]) -> Message:
        """The first message of which this holds, from now on."""
        deadline = time.monotonic() + READY_SECONDS
        while not condition(message := self.receive()):
            assert time.monotonic() < deadline, f"waited in vain; the last messages: {self.messages[-5:]}"
        return message

    def until_type(self, type: str, id: str | None = None) -> Message:
        return self.until(lambda message: message["type"] == type and (id is None or message.get("id") == id))

    def receive(self) -> Message:
        message: Message = json.loads(self._socket.recv(timeout=READY_SECONDS))
        self.messages.append(message)
        if message["type"] == "events":
            self.frames[message["id"]] += message["events"]
        return message

    def ids(self, id: str) -> list[int | str]:
        """Those of a subscription's frames that have one."""
        return [frame["id"] for frame in self.frames[id] if "id" in frame]

    def closing(self) -> tuple[int, str]:
        """Code and reason of the connection's end, once it has come."""
        with pytest.raises(ConnectionClosed) as closed:
            self.until(lambda message: False)
        assert closed.value.rcvd, "the connection ended without a closing"
        return closed.value.rcvd.code, closed.value.rcvd.reason


def _narrow(url: str, receive_buffer: int) -> socket.socket:
    parts = urlsplit(url)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    narrow.connect((parts.hostname, parts.port))
    return narrow
