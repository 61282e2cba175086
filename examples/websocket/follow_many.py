"""Several goals over one WebSocket, followed side by side; a broken connection is taken up again where it was.

    python follow_many.py "Translate the manual" "Clean the data and plot it" [--token …] [--url …]

Needs `pip install websockets`, and a server: `make run`.
"""

import argparse
import asyncio
import json
import sys
import uuid
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

AGAIN_SECONDS = 1.0


class Follower:
    """What is known of each goal: its stream, once it has one, and how far that was read."""

    def __init__(self, goals: list[str]) -> None:
        self.name = uuid.uuid4().hex
        self.streams: dict[str, str] = {}
        self.last_ids: dict[str, int] = {}
        self.open = dict(enumerate(goals))

    async def talk(self, socket: ClientConnection, token: str) -> None:
        """One connection. Returns when all has ended, raises ConnectionClosed when it broke before."""
        if token:
            await send(socket, type="authenticate", token=token)
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "ready":
                await self.begin(socket)
            elif message["type"] == "error":
                raise SystemExit(f"The server answered {message['status']}: {message['detail']}")
            elif message["type"] == "result":
                await self.follow(socket, message["id"], message["body"]["stream_url"])
            elif message["type"] == "events":
                self.show(message["id"], message["events"])
            elif message["type"] == "ended":
                del self.open[int(message["id"])]
            if not self.open:
                return

    async def begin(self, socket: ClientConnection) -> None:
        """Ask for what has no stream yet, and go on with what has one."""
        for number, goal in self.open.items():
            id = str(number)
            if id in self.streams:
                await self.follow(socket, id, self.streams[id])
            else:
                # Asked again with the same key after a broken connection, it is still one task.
                key = f"{self.name} {id}"
                path = "/stream/workflow/generate"
                await send(socket, type="ask", id=id, path=path, body={"goal": goal}, idempotency_key=key)

    async def follow(self, socket: ClientConnection, id: str, stream: str) -> None:
        self.streams[id] = stream
        await send(socket, type="subscribe", id=id, stream=stream, last_event_id=self.last_ids.get(id, 0))

    def show(self, id: str, frames: list[dict[str, Any]]) -> None:
        for frame in frames:
            self.last_ids[id] = frame.get("id", self.last_ids.get(id, 0))
            if frame["event"] == "update":
                print(f"{id}: {frame['data']['progress']:3} %  {frame['data']['current_state']}")
            elif frame["event"] in ("complete", "error"):
                print(f"{id}: {frame['event']}")


async def send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("goals", nargs="+")
    parser.add_argument("--token", default="", help="not needed on the server's own machine")
    parser.add_argument("--tries", type=int, default=30, help="one a second, while no server answers")
    parser.add_argument("--url", default="http://localhost:8001")
    asked = parser.parse_args()
    follower = Follower(asked.goals)
    address = asked.url.replace("http", "ws", 1) + "/ws/"
    tries = 0
    while tries < asked.tries:
        try:
            async with connect(address, max_size=2**24) as socket:
                tries = 0
                await follower.talk(socket, asked.token)
                return 0
        except ConnectionClosed:
            print(f"The connection broke. Going on after {follower.last_ids} …", file=sys.stderr)
        except (OSError, WebSocketException):
            tries += 1
        await asyncio.sleep(AGAIN_SECONDS)
    print(f"No server answers at {asked.url}. Start one with `make run`.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
