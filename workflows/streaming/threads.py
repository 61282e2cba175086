"""Gives back what Django holds for a request, before the request becomes a stream.

Django runs each request's sync code on a thread of its own, which lives, and keeps its database connection, until
the response ends; for a stream that may be hours. After `release_thread` the request's sync code runs on one of a few
threads that all streams share: little is left of it but what Django does when a response ends.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections

SHARED_THREADS = 4


class _Shared(ThreadPoolExecutor):
    """Lent to many requests, each of which shuts "its" executor down at its end."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Not by a borrower."""


_shared = cycle([_Shared(max_workers=1, thread_name_prefix=f"stream-{number}") for number in range(SHARED_THREADS)])


async def release_thread() -> None:
    """Close the request's database connections on its thread, and let the thread go. Call it after the last query.

    asgiref keeps the executor of each request's context in `context_to_thread_executor`; this exchanges it. Outside a
    request there is no such context, and nothing to release.
    """
    await sync_to_async(connections.close_all)()
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context is None:
        return
    own = SyncToAsync.context_to_thread_executor.get(context)
    SyncToAsync.context_to_thread_executor[context] = next(_shared)
    if own:
        own.shutdown(wait=False)
