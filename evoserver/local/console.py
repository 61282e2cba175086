"""What the supervisor and its children say: on the terminal, and in the data folder's `logs/server.log`."""

import logging
import os
import queue
import sys
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

NAME_WIDTH = 10
COLOURS = {"web": 36, "worker": 33, "model": 35, "setup": 34, "supervisor": 32}
BACKLOG_LINES = 10_000
LOG_BYTES = 10_000_000
LOG_FILES = 3


class Console:
    """Never blocks and never fails: a terminal that is paused or gone must not stop what is being supervised.

    Lines go to the terminal through a thread. If nobody takes them, the newest are dropped there; the file has all.
    """

    def __init__(self, log: Path | None) -> None:
        self._file = logging.getLogger("evoserver.local.console")
        self._file.propagate = False
        self._file.setLevel(logging.INFO)
        self._file.handlers = [_log_handler(log)] if log else [logging.NullHandler()]
        self._coloured = os.isatty(1) and "NO_COLOR" not in os.environ
        self._lines: queue.Queue[bytes | None] = queue.Queue(BACKLOG_LINES)
        self._thread = threading.Thread(target=self._write, name="console", daemon=True)
        self._thread.start()

    def say(self, name: str, line: str) -> None:
        """One line of one process."""
        plain = f"{name:<{NAME_WIDTH}} | {line}"
        self._file.info("%s", plain)
        colour = COLOURS.get(name) if self._coloured else None
        self.show(f"\x1b[{colour}m{name:<{NAME_WIDTH}} |\x1b[0m {line}" if colour else plain)

    def show(self, text: str) -> None:
        """Text for the terminal alone: it may hold what no log should."""
        with suppress(queue.Full):
            self._lines.put_nowait(text.encode("utf-8", "replace") + b"\n")

    def close(self) -> None:
        """Give the terminal a moment to take the last lines."""
        try:
            self._lines.put(None, timeout=0.2)
        except queue.Full:
            return
        self._thread.join(timeout=0.5)

    def _write(self) -> None:
        """Runs in the thread. After a failed write it goes on taking lines, and throws them away."""
        gone = False
        while (text := self._lines.get()) is not None:
            try:
                while text and not gone:
                    text = text[os.write(1, text) :]
            except OSError as error:
                gone = True
                self._file.info("the terminal is gone (%s); the log goes on here", error.strerror)


def _log_handler(log: Path) -> logging.Handler:
    logging.raiseExceptions = False  # a full disk must not fill the terminal with tracebacks
    return RotatingFileHandler(log, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="replace")


def open_standard_streams() -> None:
    """Give a process that was started without stdin, stdout or stderr the null device instead.

    Otherwise the next files that are opened get these numbers, and are written to as if they were the terminal.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for the process's life
