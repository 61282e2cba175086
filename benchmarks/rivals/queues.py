"""FastAPI and sse-starlette as their documentations have it: an `asyncio.Queue` per client, in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import FastAPI
from sse_starlette import EventSourceResponse, ServerSentEvent

from benchmarks.rivals.publishing import publish

app = FastAPI()
queues: set[asyncio.Queue[Mapping[str, Any]]] = set()
publishing: set[asyncio.Task[None]] = set()


@app.get("/stream")
async def stream() -> EventSourceResponse:
    return EventSourceResponse(listen())


async def listen() -> AsyncIterator[ServerSentEvent]:
    queue: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
    queues.add(queue)
    try:
        while True:
            event = await queue.get()
            yield ServerSentEvent(id=str(event["seq"]), event=event["kind"], data=json.dumps(event))
    finally:
        queues.discard(queue)


@app.post("/publish")
async def start(rate: float, seconds: float) -> None:
    publishing.add(asyncio.create_task(publish(rate, seconds, tell)))


def tell(event: Mapping[str, Any]) -> None:
    for queue in queues:
        queue.put_nowait(event)
