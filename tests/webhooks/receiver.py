"""A receiver of webhooks: remembers what came, answers as it is told, and can be closed and opened again."""

import json
import threading
from collections import defaultdict
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from standardwebhooks import Webhook

from tests.servers import Quiet, served
from tests.stack import free_port


class Received(NamedTuple):
    headers: dict[str, str]
    body: bytes
    status: int
    """What was answered."""

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.body)
        return message

    def verified(self, secret: str) -> dict[str, Any]:
        """The message, once the official library has verified its signature."""
        message: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return message


class Receiver:
    def __init__(self) -> None:
        self.status = 204
        self.received: list[Received] = []
        self.waiting = 0
        """Requests that came while it hung, and have no answer."""
        self._answers = threading.Event()
        self._answers.set()
        self._port = free_port()
        self._server: AbstractContextManager[str] | None = None
        self.url = f"http://127.0.0.1:{self._port}/hook"

    def open(self) -> None:
        receiver = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                body, headers = self.body(), {name.lower(): value for name, value in self.headers.items()}
                if not receiver._answers.is_set():
                    receiver.waiting += 1
                    receiver._answers.wait()
                    return
                receiver.received.append(Received(headers, body, receiver.status))
                self.answer(receiver.status, b"busy \x00 now" if receiver.status >= 400 else b"")

        self._server = served(Handler, self._port)
        self._server.__enter__()

    def hang(self) -> None:
        """Answer nothing from now on."""
        self._answers.clear()

    def close(self) -> None:
        """Refuse connections, and break off those that hang."""
        self._answers.set()
        if self._server:
            self._server.__exit__(None, None, None)
            self._server = None

    def accepted(self) -> dict[str, list[int]]:
        """The numbers of the events that were answered with a 2xx, by task, as they came."""
        found: dict[str, list[int]] = defaultdict(list)
        for received in self.received:
            if received.status < 300:
                task, _, seq = received.id.partition(":")
                found[task].append(int(seq))
        return found
