"""Keeps processes running until it is left, then stops them."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from evoserver.local.console import Console
from evoserver.local.errors import LocalError
from evoserver.local.process import Child, Process, start
from evoserver.local.stopping import wait_unless

FIRST_DELAY = 0.5
LONGEST_DELAY = 10.0
STEADY_SECONDS = 60.0
HOPELESS_DEATHS = 5
HURRIED_PATIENCE = 0.2
KILL_PATIENCE = 2.0


class Supervisor:
    """An async context: children that are kept in it are restarted when they die, and stopped together at its end.

    Nest two where the inner one's children need the outer one's. `hurry` cuts the patience of a stop short.
    """

    def __init__(self, console: Console, hurry: asyncio.Event) -> None:
        self._console = console
        self._hurry = hurry
        self._running: dict[Child, Process] = {}
        self._keepers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Supervisor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stopping = asyncio.create_task(self._stop())
        while not stopping.done():
            # A request to stop that comes while we are stopping changes nothing.
            with suppress(asyncio.CancelledError):
                await asyncio.wait({stopping})
        stopping.result()

    def keep(self, child: Child) -> None:
        """Start the child, and start it again whenever it dies."""
        self._keepers.append(asyncio.create_task(self._keep(child, self._start(child))))

    async def keep_when_ready(self, child: Child, is_ready: Callable[[int], bool], seconds: float) -> bool:
        """Start the child and wait until it is ready; only then it is kept. False if it died instead.

        Raises LocalError if it is neither ready nor dead after so many seconds.
        """
        process = self._start(child)
        if process is None:
            return False
        try:
            async with asyncio.timeout(seconds):
                while not is_ready(process.pid):
                    if await _exits_within(process, 0.02):
                        del self._running[child]
                        return False
        except TimeoutError:
            raise LocalError(f"{child.name} was not ready after {seconds:g} s; its log is {child.log}.") from None
        self._keepers.append(asyncio.create_task(self._keep(child, process)))
        return True

    async def run(self, child: Child) -> int:
        """Run a child to its end and return its exit code."""
        process = self._start(child)
        if process is None:
            return 127
        code = await asyncio.shield(process.exited)
        del self._running[child]
        return code

    def _start(self, child: Child) -> Process | None:
        try:
            process = start(child, lambda line: self._console.say(child.name, line))
        except OSError as error:
            self._say(f"{child.name} cannot be started: {error}")
            return None
        self._running[child] = process
        return process

    async def _keep(self, child: Child, process: Process | None) -> None:
        clock = asyncio.get_running_loop().time
        deaths, delay, started = 0, FIRST_DELAY, clock()
        while True:
            ending = describe(await asyncio.shield(process.exited)) if process else "did not start"
            self._running.pop(child, None)
            if clock() - started > STEADY_SECONDS:
                deaths, delay = 0, FIRST_DELAY
            deaths += 1
            self._say(f"{child.name} died ({ending}), restarting in {delay:g} s{_despair(deaths)}")
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)
            started = clock()
            process = self._start(child)

    async def _stop(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(self._stop_one(child, process) for child, process in self._running.items()))

    async def _stop_one(self, child: Child, process: Process) -> None:
        for number, patience in child.stop:
            process.send(number)
            if await self._gone_within(process, patience):
                return
        if not self._hurry.is_set():
            self._say(f"{child.name} does not stop; killing it")
        process.send(signal.SIGKILL)
        if not await _exits_within(process, KILL_PATIENCE):
            self._say(f"{child.name} (process {process.pid}) could not be killed")

    async def _gone_within(self, process: Process, patience: float) -> bool:
        await wait_unless(self._hurry, process.exited, patience)
        return process.exited.done() or (self._hurry.is_set() and await _exits_within(process, HURRIED_PATIENCE))

    def _say(self, line: str) -> None:
        self._console.say("supervisor", line)


def describe(code: int) -> str:
    """An exit code as people say it: `exit 1`, `SIGKILL`."""
    if code >= 0:
        return f"exit {code}"
    return signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"


def _despair(deaths: int) -> str:
    return f"; it has died {deaths} times in a row" if deaths >= HOPELESS_DEATHS else ""


async def _exits_within(process: Process, seconds: float) -> bool:
    await asyncio.wait({process.exited}, timeout=seconds)
    return process.exited.done()
