"""The journal over the rows."""

import asyncio

from django.db import connections

from sessions.callers import Caller
from tests.factories import make_running, make_worker
from workflows.database import DatabaseThreads
from workflows.events import Kind
from workflows.models import Event, Task
from workflows.services import Claim
from workflows.worker.journal import DatabaseJournal
from workflows.worker.texts import TextWriter


async def tell(task: Task, claim: Claim, writes: int, *percents: int) -> None:
    """Progress, one after the other, by a journal that has written so often."""
    threads = DatabaseThreads(1, "test")
    journal = DatabaseJournal(task, claim, threads, TextWriter(threads))
    journal._writes = writes
    await journal.load()
    for percent in percents:
        data = {"progress": percent, "current_state": "…", "step": 1, "total_steps": 6, "stage": None, "node": None}
        await journal.tell(f"progress/{percent}", Kind.TASK_PROGRESS, data)
    await threads.run(connections.close_all)
    threads.shutdown()


def test_a_replay_tells_no_progress_that_would_fall(caller: Caller) -> None:
    """Nodes that end together are told in one step of progress; a replay comes by each of them alone."""
    task, claim = make_running(caller, make_worker())
    asyncio.run(tell(task, claim, 0, 83))
    asyncio.run(tell(task, claim, 1, 50, 66, 83, 99))
    told = Event.objects.filter(task=task, kind=Kind.TASK_PROGRESS).order_by("seq").values_list("data", flat=True)
    assert [data["progress"] for data in told] == [83, 99]
