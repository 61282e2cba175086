"""Questions that must not wait for ever, nor pile up, however often they are asked."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

SECONDS = 1.5


class Inquiry(Generic[T]):
    """One question, under way at most once: who asks meanwhile waits for the same answer.

    So a part of the server that hangs costs one thread or one connection, whoever keeps asking for it.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[T] | None = None

    async def answer(self) -> T:
        """Raises TimeoutError after `SECONDS`, and whatever the question raises."""
        asking = self._asking
        if asking is None or asking.done() or asking.get_loop() is not asyncio.get_running_loop():
            asking = self._asking = asyncio.create_task(self._run())
            asking.add_done_callback(_look)
        return await asyncio.wait_for(asyncio.shield(asking), SECONDS)

    async def _run(self) -> T:
        return await self._ask()


def _look(asking: "asyncio.Task[T]") -> None:
    """An error that came after everybody had left is nobody's; asyncio would log it as forgotten."""
    if not asking.cancelled():
        asking.exception()
