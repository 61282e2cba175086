"""Servers that do not behave: whatever they do becomes a sentence that the agent can read, in bounded time and memory,
and no process of theirs is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.mcp.conftest import Bad, received
from tests.tools.conftest import Use
from workflows.mcp.pool import Pool
from workflows.mcp.server import Server, ServerFailed
from workflows.mcp.toolset import toolset

MEGABYTE = 1_000_000
TOOLS: Any = [
    {"name": name, "description": "x", "parameters": {"type": "object"}, "read_only": True}
    for name in ("say", "misbehave")
]


def memory() -> int:
    return int(psutil.Process().memory_info().rss)


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("hang-connect", "did not get ready within 2 s"),
        ("hang-list", "did not get ready within 2 s"),
        ("wrong-version", "not supported|does not have"),
        ("wrong-list", "something that MCP does not have"),
        ("many-tools", "a message of more than 2,000,000 bytes"),
        ("chatter", "does not speak MCP|floods"),
    ],
)
async def test_a_server_that_does_not_get_ready(mode: str, said: str, bad: Bad, pool: Pool) -> None:
    with pytest.raises(ServerFailed, match=said):
        await pool.listing(bad(mode), 2)
    with pytest.raises(ServerFailed, match=r"It is tried again in \d s"):
        await pool.connection(bad(mode))


async def test_there_is_no_such_command(pool: Pool) -> None:
    with pytest.raises(ServerFailed, match="process has ended"):
        await pool.connection(Server("x", command=("/no/such/command",)))


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("hang-call", "did not answer within 1 s. Whether the call had its effect is unknown"),
        ("die", "process has ended. Whether the call had its effect is unknown"),
        ("endless-line", "more than 2,000,000 bytes"),
        ("huge-result", "more than 2,000,000 bytes"),
        ("flood", "The server floods"),
        ("wrong-result", "something that MCP does not have"),
    ],
)
async def test_a_call_that_goes_wrong_is_told_and_the_next_one_works(
    mode: str, said: str, bad: Bad, pool: Pool, use: Use
) -> None:
    server = bad(mode, timeout_s=1 if mode == "hang-call" else 20)
    say, misbehave = toolset(server, TOOLS, pool.connection).tools
    before = memory()
    ok, told = await use(misbehave)
    assert not ok
    assert told.startswith("The MCP server bad: ")
    assert said in told
    assert memory() - before < 60 * MEGABYTE
    assert await use(say, again=1) == (True, '{"again": 1}')


async def test_a_server_that_dies_between_calls_is_started_again(bad: Bad, pool: Pool, use: Use, log: Path) -> None:
    server = bad("children")
    say, _ = toolset(server, TOOLS, pool.connection).tools
    assert (await use(say)).ok
    held = await pool.connection(server)
    pids = [message["child"] for message in received(log) if "child" in message]
    assert len(pids) == 3
    os.kill(pids[-1], signal.SIGKILL)
    async with asyncio.timeout(10):
        while not held.is_over:
            await asyncio.sleep(0.02)
    assert (await use(say)).ok
    await gone(pids)
    new = [message["child"] for message in received(log) if "child" in message][3:]
    await pool.close()
    await gone(new)


async def test_nothing_is_left_behind_when_the_worker_is_killed(bad: Bad, log: Path, root: Path) -> None:
    holder = """
        import asyncio, sys
        from workflows.mcp.connection import Connection
        from workflows.mcp.server import Server
        async def hold():
            await Connection(Server("bad", command=tuple(sys.argv[1:]))).open()
            print("held", flush=True)
            await asyncio.sleep(1000)
        asyncio.run(hold())
    """
    arguments = [sys.executable, "-c", textwrap.dedent(holder), *bad("children").command]
    with subprocess.Popen(arguments, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "held\n"
        pids = [message["child"] for message in received(log) if "child" in message]
        assert all(psutil.pid_exists(pid) for pid in pids)
        process.kill()
    await gone(pids)


async def gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(psutil.pid_exists(pid) for pid in pids):
        assert time.monotonic() < deadline, "they are still there"
        await asyncio.sleep(0.05)


async def test_a_cancelled_call_tells_the_server(bad: Bad, pool: Pool, log: Path) -> None:
    connection = await pool.connection(bad("hang-call"))
    told: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append(done)

    call = asyncio.create_task(connection.call("misbehave", {}, progress))
    async with asyncio.timeout(10):
        while not told:
            await asyncio.sleep(0.02)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        while "notifications/cancelled" not in log.read_text():
            await asyncio.sleep(0.02)
    assert not connection.is_over


async def test_what_a_server_asks_is_refused(bad: Bad, pool: Pool, use: Use, log: Path) -> None:
    _, asks = toolset(bad("asks"), TOOLS, pool.connection).tools
    assert await use(asks) == (True, "asked")
    answers = [message for message in received(log) if "error" in message or "result" in message]
    assert {message["id"] for message in answers} == {"s", "r", "e"}
    assert all("error" in message for message in answers)


async def test_parts_and_errors_of_a_result(bad: Bad, pool: Pool, use: Use) -> None:
    _, parts = toolset(bad("parts"), TOOLS, pool.connection).tools
    assert await use(parts) == (False, "one\n[image, 12 KB, left out]\n[link to file:///x]")


async def test_a_list_without_end_is_read_up_to_a_bound(bad: Bad, pool: Pool) -> None:
    some = await pool.listing(bad("some-tools"))
    assert (len(some.tools), some.left_out) == (100, ["Only the first 100 tools are taken."])
    pages = await pool.listing(bad("endless-cursor"))
    assert (len(pages.tools), pages.left_out) == (20, ["Only the first 20 pages of its list were read."])
