"""The server under test: two web processes, two workers, and engines of its own, all of which can be harmed."""

import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.engines import Engines
from tests.local.running import processes_of
from tests.stack import Process, Stack, free_port, wait_for

LEASE_SECONDS = 2
"""Short, but longer than a worker is kept waiting on a machine that runs everything on two cores."""


@dataclass
class Member:
    """One place in the server, and the process that fills it at the moment."""

    name: str
    launch: Callable[[str], Process]
    process: Process
    starts: int = 1

    def restart(self, how: signal.Signals) -> None:
        """End it by that signal, and start another one in its place."""
        self.process.stop(how)
        self.starts += 1
        self.process = self.launch(f"{self.name}.{self.starts}")


class World:
    """A context: everything runs inside, nothing after. `left_behind` then names what outlived the stop."""

    def __init__(self, engines: Engines, folder: Path) -> None:
        self.engines = engines
        self.stack = Stack(folder, **engines.settings, WORKER_LEASE_SECONDS=str(LEASE_SECONDS))
        self.left_behind: list[str] = []
        self.webs: list[Member] = []
        self.workers: list[Member] = []

    def __enter__(self) -> Self:
        with ExitStack() as stopping:
            stopping.enter_context(self.stack)
            ports = [int(self.stack.url.rpartition(":")[2]), free_port()]
            self.urls = [f"http://127.0.0.1:{port}" for port in ports]
            self.model_url = f"http://127.0.0.1:{self.stack.demo_port}"
            started = {process.name: process for process in self.stack.processes}
            self.webs = [
                Member("web-1", self._web_on(ports[0]), started["web"]),
                Member("web-2", self._web_on(ports[1]), self._web_on(ports[1])("web-2")),
            ]
            self.workers = [
                Member("worker-1", self.stack.start_worker, started["worker"]),
                Member("worker-2", self.stack.start_worker, self.stack.start_worker("worker-2")),
            ]
            self.wait_until_ready()
            self._stopping = stopping.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.close()
        self.left_behind = [f"{stray.pid} {' '.join(stray.cmdline())}" for stray in processes_of(self.stack.folder)]

    @property
    def members(self) -> list[Member]:
        return [*self.webs, *self.workers]

    def mend(self) -> None:
        """Whatever was done to it: make everything run again."""
        self.engines.mend()
        for member in self.members:
            if member.process.is_alive:
                member.process.send(signal.SIGCONT)
            else:
                member.restart(signal.SIGKILL)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        for worker in self.workers:
            process = worker.process
            wait_for(partial(_says_ready, process), f"{process.name} is ready", alive=process)

    def _web_on(self, port: int) -> Callable[[str], Process]:
        return lambda name: self.stack.start_web(name, port)[0]


def _says_ready(process: Process) -> bool:
    return " is ready" in process.log.read_text()
