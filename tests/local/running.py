"""A supervisor as a process of its own, seen from outside."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from evoserver.local.environment import PROJECT
from evoserver.local.ports import free_port
from tests.stack import READY_SECONDS

NO_ENGINES = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
UNSET = {"DATABASE_URL": "", "REDIS_URL": "", "OPENAI_API_KEY": "", "OPENAI_BASE_URL": "", "SECRET_KEY": ""}


class LocalRun:
    """`python -m evoserver.local run` with the stand-in `programs`, or with the real ones if none is named."""

    def __init__(self, programs: tuple[str, ...], settings: dict[str, str]) -> None:
        self.port = int(settings.setdefault("SERVER_PORT", str(free_port())))
        self.data = Path(settings["EVOSERVER_DATA_DIR"])
        module = ("tests.local.stand_in", *programs) if programs else ("evoserver.local", "run")
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        self.process = subprocess.Popen(
            (sys.executable, "-m", *module),
            cwd=PROJECT,
            env={**os.environ, **UNSET, **settings},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    @property
    def output(self) -> str:
        length = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), length, 0).decode()

    def wait_for(self, text: str, seconds: float = READY_SECONDS) -> None:
        wait_until(lambda: text in self.output or self.process.poll() is not None, seconds)
        assert text in self.output, self.output

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Signal it, and wait for its end."""
        self.process.send_signal(number)
        self.process.wait(READY_SECONDS)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._output.close()

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=READY_SECONDS) as answer:
            return bytes(answer.read())

    def open_stream(self, path: str) -> socket.socket:
        """A request whose answer has begun and does not end."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        assert b" 200 " in connection.recv(100)
        return connection


@contextmanager
def running(command: tuple[str, ...], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A process that is gone afterwards, also when the test fails: `Popen` itself would wait for its end, for ever."""
    with subprocess.Popen(command, text=True, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def processes_of(data: Path) -> list[psutil.Process]:
    """The processes that work in the data folder, or were told of it."""
    return [process for process in psutil.process_iter() if _belongs(process, str(data))]


def _belongs(process: psutil.Process, data: str) -> bool:
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.cwd().startswith(data) or process.environ().get("EVOSERVER_DATA_DIR") == data
    except psutil.Error:
        return False


def wait_until(condition: Callable[[], object], seconds: float = READY_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.02)
