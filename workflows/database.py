"""Database work from asyncio code, on a few threads."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 0.1, 2.0
"""Seconds between tries while the database does not answer."""


class DatabaseThreads:
    """A bounded number of threads, each of which keeps one connection, however many coroutines wait for them."""

    def __init__(self, size: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=size, thread_name_prefix=name)

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run once. Raises Django's OperationalError or InterfaceError where the database is away."""
        # In the caller's context, so that what is logged there carries the caller's ids.
        call = partial(copy_context().run, _call, function, args, kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    async def insist(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run until the database answers. Only for what changes nothing when it is done twice."""
        delay = FIRST_DELAY
        while True:
            try:
                return await self.run(function, *args, **kwargs)
            except (OperationalError, InterfaceError) as error:
                logger.warning("The database does not answer (%s); next try in %.1f s", type(error).__name__, delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY)

    def shutdown(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


def _call(function: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    try:
        return function(*args, **kwargs)
    except (OperationalError, InterfaceError):
        # The connection may be dead; the next call gets a new one.
        connections.close_all()
        raise
