"""Events at a rate, from inside the server."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.payload import whole_event


async def publish(rate: float, seconds: float, tell: Callable[[Mapping[str, Any]], None]) -> None:
    """What is late is told at once, and stays due when it was."""
    start = time.time()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        await asyncio.sleep(due - time.time())
        tell(whole_event(number + 1, due))
