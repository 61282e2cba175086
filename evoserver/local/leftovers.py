"""Engines that outlived their supervisor: it was killed, and they were slow to follow, or the kernel knows no leash."""

import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.02


def stop_leftovers(folder: Path, name: str, stop_signal: signal.Signals) -> None:
    """Stop every process of this program whose working directory is `folder`, as an engine's is its data folder.

    The folder is locked by the caller, so none of them has a supervisor any more.
    """
    found = [process for process in psutil.process_iter(["pid", "name", "cwd"]) if _works_in(process, folder, name)]
    numbers = {process.pid for process in found}
    for process in found:
        # A postmaster stops its own children; SIGINT means something else to them.
        if _parent(process) not in numbers:
            _send(process, stop_signal)
    for process in _alive_after(found, PATIENCE_SECONDS):
        _send(process, signal.SIGKILL)
    _alive_after(found, PATIENCE_SECONDS)


def _alive_after(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that are still there when none is any more, or when the time is up. They are no children of ours."""
    deadline = time.monotonic() + seconds
    while (alive := [process for process in processes if _is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return alive


def _is_alive(process: psutil.Process) -> bool:
    """A zombie is not: in a container without an init it is never reaped."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _works_in(process: psutil.Process, folder: Path, name: str) -> bool:
    return process.info["cwd"] == str(folder.resolve()) and name in (process.info["name"] or "")


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return None


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
