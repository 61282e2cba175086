"""A server that is a process here: messages are lines on its standard input and output.

The SDK's own transport holds a line without end, leaves the process running when we are killed, and knows no bound.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client._transport import TransportStreams
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from workflows.mcp.meter import MAX_MESSAGE_BYTES, Meter, too_long
from workflows.mcp.server import Server, ServerFailed
from workflows.mcp.trouble import Trouble

logger = logging.getLogger(__name__)

KEEPER: Final = Path(__file__).with_name("keeper.py")
INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a process gets of our environment, which holds our secrets."""
LEAVE_S: Final = 1.0
"""For a server to end by itself once its input has ended; then it is killed."""
KILL_S: Final = 5.0
POLL_S: Final = 0.02
MAX_STRAY_LINES: Final = 20
"""Lines on its output that are no messages; who prints more does not speak MCP."""
LOGGED_CHARS: Final = 300
MAX_LOGGED_LINES: Final = 200
"""Of a process's standard error, in its whole life."""


@asynccontextmanager
async def process_transport(server: Server, trouble: Trouble) -> AsyncGenerator[TransportStreams, None]:
    """Start the process, and end it with all that it started. What goes wrong is said to `trouble`."""
    ours, lifeline = await _start(server)
    to_session, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    sent, from_session = anyio.create_memory_object_stream[SessionMessage](0)
    reading = asyncio.create_task(_read(ours, to_session, trouble))
    work = [reading, asyncio.create_task(_write(ours, from_session)), asyncio.create_task(_log(ours, server.name))]
    try:
        yield received, sent
    finally:
        for stream in (received, sent, to_session, from_session):
            stream.close()
        with anyio.CancelScope(shield=True):
            # Its end, when we end it, is no trouble.
            reading.cancel()
            await _stop(ours, lifeline)
            for task in work:
                task.cancel()
            await asyncio.wait(work)


async def _start(server: Server) -> tuple[asyncio.subprocess.Process, int]:
    """Raises `ServerFailed`."""
    held, lifeline = os.pipe()
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ} | dict(server.env)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(KEEPER), str(held), *server.command,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=environment, pass_fds=(held,), start_new_session=True, limit=MAX_MESSAGE_BYTES,
        )  # fmt: skip
    except (OSError, ValueError):
        os.close(lifeline)
        raise ServerFailed("The server's command cannot be started here.") from None
    finally:
        os.close(held)
    return process, lifeline


async def _read(
    process: asyncio.subprocess.Process,
    to_session: MemoryObjectSendStream[SessionMessage | Exception],
    trouble: Trouble,
) -> None:
    """Hand over message by message; the next is read when the session has taken the last."""
    assert process.stdout is not None
    meter, strays = Meter(), 0
    try:
        while line := await process.stdout.readline():
            meter.take(len(line))
            if not line.strip():
                continue
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                strays += 1
                if strays > MAX_STRAY_LINES:
                    raise ServerFailed("The server does not speak MCP: its output is something else.") from None
                continue
            await to_session.send(SessionMessage(message))
        trouble.say("The server's process has ended.")
    except ValueError:
        trouble.say(too_long().detail)
    except ServerFailed as failed:
        trouble.say(failed.detail)
    except (anyio.ClosedResourceError, anyio.BrokenResourceError, ConnectionError):
        pass
    finally:
        await to_session.aclose()


async def _write(process: asyncio.subprocess.Process, from_session: MemoryObjectReceiveStream[SessionMessage]) -> None:
    assert process.stdin is not None
    # A server that is gone is noticed where it is read.
    with suppress(ConnectionError, anyio.ClosedResourceError, anyio.BrokenResourceError):
        async for sent in from_session:
            process.stdin.write(sent.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
            await process.stdin.drain()


async def _log(process: asyncio.subprocess.Process, name: str) -> None:
    """Its standard error, in short lines and not too many of them; the rest is read and dropped."""
    assert process.stderr is not None
    left = MAX_LOGGED_LINES
    while data := await process.stderr.read(4_096):
        for line in data.decode("utf-8", "replace").splitlines():
            if left and line.strip():
                left -= 1
                said = line[:LOGGED_CHARS] if left else "(what else it writes is not logged)"
                logger.info("MCP server %s: %s", name, "".join(c if c.isprintable() else " " for c in said))


async def _stop(process: asyncio.subprocess.Process, lifeline: int) -> None:
    try:
        if process.stdin is not None:
            process.stdin.close()
        await _ended(process, LEAVE_S)
    finally:
        os.close(lifeline)
    if not await _ended(process, KILL_S):
        with suppress(ProcessLookupError):
            process.kill()
    # It stays open as long as its pipes do; nothing public closes it.
    process._transport.close()  # type: ignore[attr-defined]


async def _ended(process: asyncio.subprocess.Process, seconds: float) -> bool:
    """Whether it ends in so many seconds. `process.wait()` would wait until all its output has been read, too."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while process.returncode is None and loop.time() < until:
        await asyncio.sleep(POLL_S)
    return process.returncode is not None
