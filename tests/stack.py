"""The server as it really runs: processes over a real database, for tests that speak HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0

# Quick where the defaults are slow, so that a test sees in a second what users see in half a minute.
TEST_SETTINGS = {
    "STREAM_HEARTBEAT_SECONDS": "1",
    "STREAM_STALL_SECONDS": "2",
    "WORKER_LEASE_SECONDS": "3",
    "LOG_LEVEL": "INFO",
    "FETCH_ALLOWED_NETWORKS": "127.0.0.1",
    "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.1",
    "MCP_ALLOWED_HOSTS": "localhost",
    "MCP_ALLOWED_NETWORKS": "127.0.0.1,::1",
    "TOOLS": "examples.tools.house_tools.TOOLS",
}


class Process:
    """One child, its log, and how to end it."""

    def __init__(self, name: str, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                arguments, cwd=ROOT, env=dict(environment), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = READY_SECONDS) -> int:
        """Send a signal and wait for the end. Returns the exit code."""
        if self.is_alive:
            self._popen.send_signal(how)
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            raise AssertionError(
                f"{self.name} did not stop within {seconds} s; its log:\n{self.log.read_text()[-4000:]}"
            ) from None


class Stack:
    """Demo model, worker and web server. More of each can be started beside them."""

    def __init__(self, folder: Path, **extra_settings: str) -> None:
        self.folder = folder
        self.processes: list[Process] = []
        self.demo_port = free_port()
        self.environment = {
            **os.environ,
            **TEST_SETTINGS,
            "DATABASE_URL": database_url(),
            "EVOSERVER_DATA_DIR": str(folder),
            "DEMO_MODEL_URL": f"http://127.0.0.1:{self.demo_port}/v1",
            "OPENAI_API_KEY": "",
            "OPENAI_BASE_URL": "",
            "LOCAL_ACCESS": "1",
            "HTTPS": "0",
            "PYTHONUNBUFFERED": "1",
            **extra_settings,
        }
        self.url = ""

    def __enter__(self) -> Self:
        try:
            self.start(
                "model", [sys.executable, "-m", "evoserver.demo_model", "--port", str(self.demo_port), "--pace", "0"]
            )
            self.start_worker()
            self.url = self.start_web()[1]
            wait_for(lambda: is_up(f"http://127.0.0.1:{self.demo_port}/health"), "the demo model answers")
            self.wait_for_worker()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def start(self, name: str, arguments: list[str], **extra_settings: str) -> Process:
        process = Process(name, arguments, self.folder, {**self.environment, **extra_settings})
        self.processes.append(process)
        return process

    def start_worker(self, name: str = "worker", **extra_settings: str) -> Process:
        arguments = [sys.executable, "-m", "celery", "-A", "evoserver.celery", "worker", "-P", "threads", "-c", "100"]
        return self.start(name, [*arguments, "--without-gossip", "--without-mingle"], **extra_settings)

    def start_web(self, name: str = "web", port: int | None = None, **extra_settings: str) -> tuple[Process, str]:
        """A web process, once it answers, and its address; on that port, or on a free one."""
        port = port or free_port()
        process = self.start(name, [sys.executable, "-m", "evoserver.server"], SERVER_PORT=str(port), **extra_settings)
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: is_up(f"{url}/health"), f"{name} answers", alive=process)
        return process, url

    def start_daphne(self) -> tuple[Process, str]:
        port = free_port()
        arguments = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "evoserver.asgi:application"]
        process = self.start("daphne", arguments)
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: is_up(f"{url}/health"), "Daphne answers", alive=process)
        return process, url

    def wait_for_worker(self, name: str = "worker") -> None:
        log = self.folder / f"{name}.log"
        wait_for(lambda: " is ready" in log.read_text(), f"{name} is ready")

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def _stop(self) -> None:
        for process in reversed(self.processes):
            process.stop()


def wait_for(
    condition: Callable[[], Any], what: str, seconds: float = READY_SECONDS, *, alive: Process | None = None
) -> Any:
    """The first true value of the condition. Fails when it takes too long, or when the process dies meanwhile."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if alive and not alive.is_alive:
            raise AssertionError(f"{alive.name} died; its log:\n{alive.log.read_text()[-4000:]}")
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain until {what}")
        time.sleep(0.02)
    return value


def is_up(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def database_url() -> str:
    """The address of the database that the tests are connected to."""
    given = settings.DATABASES["default"]
    parameters = connection.settings_dict
    host = parameters["HOST"]
    password = f":{parameters['PASSWORD']}" if parameters["PASSWORD"] else ""
    place = f"{host}:{parameters['PORT']}" if not host.startswith("/") else f"%2F{host[1:].replace('/', '%2F')}"
    return f"postgresql://{given['USER']}{password}@{place}/{parameters['NAME']}"
