"""Sending a reply at its pace, and noticing how that ends: whole, cut off on purpose, or left by the client."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send

from evoserver.demo_model.calls import Call

DONE: Final = b"data: [DONE]\n\n"


@dataclass
class PacedResponse:
    """An ASGI response whose body comes in parts, each after `pace` seconds.

    `is_cut` returns after half of the parts without ending the body, at which the server closes the connection; the
    one line that uvicorn then logs ("returned without completing response") is the fault told.
    """

    parts: list[bytes]
    headers: dict[str, str]
    call: Call
    first_pause: float = 0.0
    pace: float = 0.0
    is_cut: bool = False
    hangs: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_whole = sending.done() and not sending.cancelled() and not sending.exception() and not self.is_cut
            if is_whole:
                self.call.finished += 1
            else:
                self.call.cut += 1
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(self.first_pause)
        await send(self._start())
        for part in self.parts[: len(self.parts) // 2] if self.is_cut else self.parts:
            await asyncio.sleep(self.pace)
            await send({"type": "http.response.body", "body": part, "more_body": True})
        if not self.is_cut:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _start(self) -> Message:
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        return {"type": "http.response.start", "status": 200, "headers": headers}


def event_parts(chunks: Iterator[dict[str, Any]]) -> list[bytes]:
    """Server-sent events as OpenAI sends them, one a part."""
    return [b"data: " + _encoded(chunk) + b"\n\n" for chunk in chunks] + [DONE]


def body_parts(body: dict[str, Any]) -> list[bytes]:
    """A JSON body in two halves, between which it can be cut."""
    encoded = _encoded(body)
    middle = len(encoded) // 2
    return [encoded[:middle], encoded[middle:]]


def _encoded(value: dict[str, Any]) -> bytes:
    # ASCII only, so that a lone surrogate can travel at all.
    return json.dumps(value, separators=(",", ":")).encode("ascii")


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
