"""Requests to stop: Ctrl-C, SIGTERM, SIGHUP."""

import asyncio
import signal
from typing import Any

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DOUBLE_SECONDS = 0.5


class StopRequest:
    """Cancels the task that made it at the first signal; `hurry` is set by a further Ctrl-C.

    One request may arrive twice at once: `kill` to make's whole group reaches us directly and again through make.
    """

    def __init__(self) -> None:
        self.hurry = asyncio.Event()
        self.signal: signal.Signals | None = None
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._asked_at = 0.0
        for number in STOP_SIGNALS:
            # Under nohup SIGHUP is ignored, and stays so.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._loop.add_signal_handler(number, self._ask, number)

    def _ask(self, number: signal.Signals) -> None:
        if self.signal is None:
            self.signal = number
            self._asked_at = self._loop.time()
            assert self._task is not None
            self._task.cancel()
        elif number is signal.SIGINT and self._loop.time() - self._asked_at > DOUBLE_SECONDS:
            self.hurry.set()


async def wait_unless(event: asyncio.Event, done: asyncio.Future[int], seconds: float) -> None:
    """Wait until `done` is, or the event is set, or that many seconds are over."""
    happening = asyncio.ensure_future(event.wait())
    either: set[asyncio.Future[Any]] = {done, happening}
    await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    happening.cancel()
