"""Blocking calls: a response that waits for a task's end, without a thread."""

import asyncio

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from workflows import services
from workflows.exceptions import Invalid
from workflows.models import Task
from workflows.streaming.hub import get_hub
from workflows.streaming.responses import wait_for_end


async def wait_or_cancel(request: HttpRequest, task: Task) -> Task:
    """The task as it is after its end. A caller who leaves first cancels it, unless it asked to keep it
    (`keep=true`) or sent an `Idempotency-Key`, by which it can come back.

    Raises Unavailable if this server stops first, and what `keeps` raises: ask that before there is a task.
    """
    keep = keeps(request)
    try:
        await wait_for_end(task)
    except asyncio.CancelledError:
        if not keep:
            cancel_left(task)
        raise
    return await sync_to_async(Task.objects.defer("secrets").get)(pk=task.pk)


def cancel_left(task: Task) -> None:
    """Cancel the task of a caller who went away, while there is nobody to wait for it."""
    hub = get_hub()
    if hub.closed:
        return  # Not the caller leaves: the server does.
    hub.spawn(hub.threads.insist(services.cancel_quietly, task, reason="its caller went away"))


def keeps(request: HttpRequest) -> bool:
    """Whether the task outlives its call. Raises Invalid for a `keep` that says neither."""
    keep = request.GET.get("keep", "false").lower()
    if keep not in ("true", "false", "1", "0"):
        raise Invalid.at("query", "keep", msg="Must be true or false.", type="bool_parsing")
    return "Idempotency-Key" in request.headers or keep in ("true", "1")
