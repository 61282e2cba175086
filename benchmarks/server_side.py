"""What runs on the server's core: servers as processes, and a process of ours that writes."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

from evoserver.local.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 30.0
STOP_SECONDS = 10.0

QUIET = {"LOCAL_ACCESS": "1", "LOG_LEVEL": "WARNING"}
WORKER = (
    "-m", "celery", "--quiet", "-A", "evoserver.celery", "worker", "-P", "threads", "-c", "100",
    "--without-gossip", "--without-mingle", "--without-heartbeat",
)  # fmt: skip


def model_on(port: int) -> tuple[str, ...]:
    """The demo model, as fast as it can be."""
    return ("-m", "evoserver.demo_model", "--port", str(port), "--pace", "0")


@contextmanager
def program(
    core: int, *arguments: str, variables: Mapping[str, str] = QUIET, stop: signal.Signals = signal.SIGTERM
) -> Iterator[int]:
    """A Python program on that core. Gives its process id. Raises RuntimeError with its output if it had died."""
    with TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(os.sched_setaffinity, 0, {core}),
        )
        try:
            yield process.pid
        finally:
            died = process.poll() is not None
            process.send_signal(stop)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if died:
                output.seek(0)
                raise RuntimeError(f"{' '.join(arguments)} died:\n{output.read().decode(errors='replace')[-4000:]}")


@contextmanager
def web(core: int, **variables: str) -> Iterator[tuple[int, int]]:
    """Our web server. Gives its process id and its port."""
    port = free_port()
    with program(core, "-m", "evoserver.server", variables={**QUIET, **variables, "SERVER_PORT": str(port)}) as pid:
        wait_for_port(port)
        yield pid, port


@contextmanager
def rival(core: int, name: str) -> Iterator[int]:
    """A server of `benchmarks.rivals`, on the same uvicorn as ours. Gives its port."""
    port = free_port()
    arguments = ("-m", "uvicorn", f"benchmarks.rivals.{name}:app", "--port", str(port))
    options = ("--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "warning")
    # Killed, since it would first send on what waits in its queues.
    with program(core, *arguments, *options, stop=signal.SIGKILL):
        wait_for_port(port)
        yield port


@contextmanager
def writer(core: int) -> Iterator[ProcessPoolExecutor]:
    """A process on that core for functions that write, with everything imported."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, initializer=os.sched_setaffinity, initargs=(0, {core})) as pool:
        pool.submit(os.getpid).result()
        yield pool


def wait_for_port(port: int) -> None:
    """Return when somebody listens there. Raises TimeoutError."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listened on port {port} within {READY_SECONDS:g} s") from None
            time.sleep(0.05)
