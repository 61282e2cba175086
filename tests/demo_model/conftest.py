"""The demo model over real HTTP, on a port of its own, as fast as it goes."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import httpx
import openai
import pytest
import uvicorn

from evoserver.demo_model.app import create_app


class Served(uvicorn.Server):
    """uvicorn in a thread that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@pytest.fixture(scope="session")
def root_url() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        config = uvicorn.Config(
            create_app(pace=0), log_level="critical", lifespan="off", timeout_graceful_shutdown=1, ws="none"
        )
        server = Served(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        assert server.listens.wait(10)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def http(root_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=root_url, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def client(root_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{root_url}/v1", api_key="any", max_retries=0, timeout=60) as client:
        yield client
