"""A model of the reference server: events in memory, one poll every half second per connection.

A model, not that server: it has what decides there how many frames go out (each connection looks for what is new in a
list and encodes it for itself) and leaves out the rest, which is to its advantage.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from benchmarks.rivals.publishing import publish

POLL_SECONDS = 0.5

app = FastAPI()
events: list[Mapping[str, Any]] = []
publishing: set[asyncio.Task[None]] = set()


@app.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(poll(len(events)), media_type="text/event-stream")


async def poll(position: int) -> AsyncIterator[str]:
    while True:
        while position < len(events):
            event = events[position]
            position += 1
            yield f"id: {position}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n"
        await asyncio.sleep(POLL_SECONDS)


@app.post("/publish")
async def start(rate: float, seconds: float) -> None:
    publishing.add(asyncio.create_task(publish(rate, seconds, events.append)))
