"""A child process: how it is described, started, heard and stopped. Needs a running asyncio loop in the main thread."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from evoserver.local.account import Account
from evoserver.local.leash import die_with_parent

LONGEST_LINE_BYTES = 64_000
POLL_SECONDS = 0.05


@dataclass(frozen=True, eq=False)
class Child:
    """A process to start. It runs in a session of its own, so that a terminal's Ctrl-C reaches its supervisor only."""

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    account: Account | None = None
    log: Path | None = None
    """Its own log file; without one its output is shown, line by line."""
    stop: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 3.0),)
    """Signals that ask it to stop, each with the seconds it is given; then SIGKILL."""
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when the supervisor dies."""


class Process:
    """A started process. `exited` becomes its exit code, or minus the signal that ended it."""

    def __init__(self, popen: "subprocess.Popen[bytes]", *, leads_group: bool) -> None:
        self.pid = popen.pid
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._popen = popen
        self._leads_group = leads_group
        self._watch()

    def send(self, number: signal.Signals) -> None:
        if not self.exited.done():
            self._popen.send_signal(number)

    def _watch(self) -> None:
        """Wait without a thread: by a pidfd, or where there is none (macOS) by asking."""
        loop = asyncio.get_running_loop()
        try:
            descriptor = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            self._poll(loop)
        else:
            loop.add_reader(descriptor, self._note_exit, descriptor)

    def _poll(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._popen.poll() is None:
            loop.call_later(POLL_SECONDS, self._poll, loop)
        else:
            self._finish()

    def _note_exit(self, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        if self._leads_group:
            # What it left behind in its group goes with it. It is not reaped yet, so the number is still its own.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._finish()

    def _finish(self) -> None:
        code = self._popen.wait()
        if not self.exited.done():
            self.exited.set_result(code)


class Lines:
    """Reads a child's output as it comes and passes on its lines."""

    def __init__(self, stream: IO[bytes], say: Callable[[str], None]) -> None:
        self._stream = stream
        self._say = say
        self._rest = b""
        os.set_blocking(stream.fileno(), False)
        asyncio.get_running_loop().add_reader(stream.fileno(), self._read)

    def close(self) -> None:
        """Pass on what is left to read, without waiting for processes that still hold the other end."""
        while not self._stream.closed and self._read():
            pass
        self._end()

    def _read(self) -> bool:
        try:
            data = os.read(self._stream.fileno(), LONGEST_LINE_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._end()
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._pass_on(line)
        return True

    def _end(self) -> None:
        if self._stream.closed:
            return
        asyncio.get_running_loop().remove_reader(self._stream.fileno())
        self._stream.close()
        self._pass_on(self._rest)

    def _pass_on(self, line: bytes) -> None:
        if text := line.decode("utf-8", "replace").rstrip():
            self._say(text)


def start(child: Child, say: Callable[[str], None]) -> Process:
    """Start the child; `say` gets each line of its output, unless it has a log file.

    Raises OSError if it cannot be started.
    """
    if child.log:
        with child.log.open("ab") as log:
            return Process(_popen(child, log), leads_group=True)
    popen = _popen(child, subprocess.PIPE)
    process = Process(popen, leads_group=True)
    assert popen.stdout is not None
    lines = Lines(popen.stdout, say)
    process.exited.add_done_callback(lambda _: lines.close())
    return process


def start_in_foreground(command: tuple[str, ...], environment: Mapping[str, str]) -> Process:
    """Start a command that shares our terminal and our process group.

    Raises OSError if it cannot be started.
    """
    leash = partial(die_with_parent, signal.SIGKILL, os.getpid())
    popen = subprocess.Popen(command, env=environment, preexec_fn=leash)
    return Process(popen, leads_group=False)


def _popen(child: Child, output: IO[bytes] | int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        child.command,
        cwd=child.folder,
        env=child.environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=child.account.uid if child.account else None,
        group=child.account.gid if child.account else None,
        extra_groups=[] if child.account else None,
        preexec_fn=partial(die_with_parent, child.death_signal, os.getpid()),
    )
