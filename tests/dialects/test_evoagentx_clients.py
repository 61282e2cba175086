"""The same streams through further client libraries."""

import asyncio
import json
from typing import Any

import aiohttp
import httpx
from httpx_sse import aconnect_sse, connect_sse

CONFIG = {"goal": "Read the logs and the metrics, then explain the outage", "llm_config": {"model": "demo-slow-3s"}}


def test_httpx_sse_gets_frames_with_data_only(url: str) -> None:
    """Also while heartbeats come in between (one a second here)."""
    with httpx.Client(base_url=url, timeout=60) as client:
        started = client.post("/stream/workflow/generate", json=CONFIG).json()
        with connect_sse(client, "GET", started["stream_url"]) as source:
            messages = list(source.iter_sse())
    assert all(json.loads(message.data) for message in messages)
    assert messages[-1].event == "complete"
    ids = [int(message.id) for message in messages]
    assert ids == sorted(set(ids))
    assert messages[0].retry == 2000


async def test_httpx_sse_asynchronously_in_a_session(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        session = (await client.post("/connect")).json()
        task = (await client.post(f"/client/{session['client_id']}/workflow/generate", json=CONFIG)).json()["task_id"]
        async with aconnect_sse(client, "GET", session["stream_url"]) as source:
            async for message in source.aiter_sse():
                frame = json.loads(message.data)
                if message.event == "task_completed":
                    await client.delete(f"/client/{session['client_id']}")
                if message.event == "session_closed":
                    break
    assert frame["client_id"] == session["client_id"]
    assert task


async def test_aiohttp_reads_line_by_line(url: str) -> None:
    async with aiohttp.ClientSession() as client:
        async with client.post(f"{url}/stream/workflow/generate", json=CONFIG) as response:
            started = await response.json()
        lines: list[dict[str, Any]] = []
        async with client.get(f"{url}{started['stream_url']}") as stream:
            async for raw in stream.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("data: "):
                    lines.append(json.loads(line[6:]))
    assert lines[-1]["status"] == "completed"


async def test_ten_blocking_calls_at_once_get_their_own_answers(url: str) -> None:
    async with aiohttp.ClientSession() as client:

        async def ask(number: int) -> bool:
            goal = f"Count to {number} and write it down"
            body = {"goal": goal, "llm_config": {"model": "demo"}}
            async with client.post(f"{url}/workflow/generate", json=body) as response:
                return (await response.json())["workflow_graph"]["goal"] == goal

        assert all(await asyncio.gather(*(ask(number) for number in range(10))))
