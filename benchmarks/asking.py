"""One client of the whole server: a POST, then the new task's stream."""

import asyncio
import json

ANSWER_SECONDS = 60.0

Times = tuple[float, float]
"""Seconds from the POST to the first event, and to the end of the stream."""


async def follow(port: int, path: str, body: bytes) -> Times:
    """Start a task and follow it to its end. Raises TimeoutError, and ConnectionError if it is refused."""
    clock = asyncio.get_running_loop().time
    started = clock()
    async with asyncio.timeout(ANSWER_SECONDS):
        answer = await _post(port, path, body)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_head("GET", json.loads(answer)["stream_url"]))
        await reader.readuntil(b"\nevent: ")
        first = clock() - started
        await reader.readuntil(b"\nevent: complete")
        end = clock() - started
        writer.close()
    return first, end


async def _post(port: int, path: str, body: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_head("POST", path, f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n") + body)
    head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise ConnectionError(f"the server refused a task: {head[:200]!r} {answer[:200]!r}")
    return answer


def _head(method: str, path: str, fields: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{fields}\r\n".encode()
