"""Gives back what Django holds for a request, before the request becomes a stream.

Django runs each request's sync code on a thread of its own, which lives, and keeps its database connection, until
the response ends; for a stream that may be hours. asgiref's context decides which thread: after `release_thread` it is
one of a few that all streams share, and only for the little sync code that runs when a response ends.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from django.db import connections

SHARED_THREADS = 4

_shared = cycle(
    [ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"stream-{number}") for number in range(SHARED_THREADS)]
)


async def release_thread() -> None:
    """Close the request's database connections on its thread, and let the thread go. Call it after the last query."""
    await sync_to_async(connections.close_all)()
    own = SyncToAsync.thread_sensitive_context.get(None)
    executor = SyncToAsync.context_to_thread_executor.pop(own, None) if own else None
    if executor:
        executor.shutdown(wait=False)
    # Never left: it ends with the asyncio task of this response.
    await ThreadSensitiveContext(executor=next(_shared)).__aenter__()  # type: ignore[no-untyped-call]
