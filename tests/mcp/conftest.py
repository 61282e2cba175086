"""Servers that are real processes, and a pool that is closed in the end."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evoserver.local.ports import free_port
from tests.admin.conftest import staff  # noqa: F401
from tests.tools.conftest import files, use  # noqa: F401
from workflows.mcp.pool import Pool
from workflows.mcp.server import Server

BAD = str(Path(__file__).with_name("bad_server.py"))
WAREHOUSE = str(Path(__file__).parents[2] / "examples/mcp/warehouse.py")

Bad = Callable[..., Server]


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    opened = Pool()
    yield opened
    await opened.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "received"


@pytest.fixture
def bad(log: Path) -> Bad:
    """A server that misbehaves in this way, and writes what it is sent to the log."""

    def server(mode: str, **more: Any) -> Server:
        return Server("bad", command=(sys.executable, BAD, mode, str(log)), **more)

    return server


@contextmanager
def open_warehouse() -> Iterator[int]:
    """The example server over HTTP. Yields its port."""
    port = free_port()
    with subprocess.Popen([sys.executable, WAREHOUSE, "--port", str(port)], stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield port
        process.terminate()


def received(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
