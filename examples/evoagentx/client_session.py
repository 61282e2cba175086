"""A client session: several goals at once, and one stream that tells of them all.

python client_session.py "Translate the manual" "Clean the data and plot it"
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
from display import Board, outline
from httpx_sse import aconnect_sse

SECONDS = httpx.Timeout(10, read=60)
"""The server sends a heartbeat every 15 seconds: a stream that is silent for longer is dead."""
RETRY_SECONDS = 2


async def main() -> None:
    arguments = argparse.ArgumentParser(description="Generate several workflows through one session.")
    arguments.add_argument("goals", nargs="+", metavar="goal")
    arguments.add_argument("--url", default="http://localhost:8001", help="the server (default: %(default)s)")
    options = arguments.parse_args()
    async with httpx.AsyncClient(base_url=options.url, timeout=SECONDS) as client:
        try:
            session = (await client.post("/connect")).raise_for_status().json()
        except httpx.ConnectError:
            sys.exit(f"No server answers at {options.url}. Start one with `make run`.")
        try:
            await generate_all(client, session, options.goals)
        finally:
            await client.delete(f"/client/{session['client_id']}")


async def generate_all(client: httpx.AsyncClient, session: dict[str, str], goals: list[str]) -> None:
    """Submit all goals, show one line for each until all have ended, then the workflows."""
    tasks = {await submit(client, session["client_id"], goal): goal for goal in goals}
    running, workflows = set(tasks), []
    board = Board()
    # The stream starts at the session's first event, however late it is opened.
    async for frame in frames(client, session["stream_url"]):
        task_id = frame["task_id"]
        match frame["event_type"]:
            case "task_progress":
                board.show(task_id, frame["progress"], f"{tasks[task_id]}: {frame['current_state']}")
            case "task_completed":
                board.show(task_id, 100, f"{tasks[task_id]}: completed")
                workflows.append(frame["result"]["workflow_graph"])
                running.discard(task_id)
            case "task_error" | "task_cancelled":
                board.show(task_id, 0, f"{tasks[task_id]}: {frame.get('error') or frame['reason']}")
                running.discard(task_id)
            case "session_closed" | "session_timeout":
                sys.exit(f"The session ended: {frame['message']}.")
        if not running:
            break
    for workflow in workflows:
        print(f"\n{outline(workflow)}")


async def submit(client: httpx.AsyncClient, client_id: str, goal: str) -> str:
    """Start a task in the session. Returns its id."""
    response = await client.post(f"/client/{client_id}/workflow/generate", json={"goal": goal})
    if response.is_error:
        sys.exit(f"The server answered {response.status_code}: {response.json()['detail']}")
    task_id: str = response.json()["task_id"]
    return task_id


async def frames(client: httpx.AsyncClient, stream_url: str) -> AsyncIterator[dict[str, Any]]:
    """The session's frames, each once. When the connection is cut, the next one goes on after the last id."""
    last_id = ""
    while True:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        try:
            async with aconnect_sse(client, "GET", stream_url, headers=headers) as stream:
                stream.response.raise_for_status()
                async for message in stream.aiter_sse():
                    last_id = message.id or last_id
                    # httpx-sse also hands out heartbeats, as messages without data.
                    if message.data:
                        yield json.loads(message.data)
        except httpx.TransportError:
            pass
        print(f"The connection was cut. Going on after event {last_id or 0} …", file=sys.stderr, flush=True)
        await asyncio.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    asyncio.run(main())
