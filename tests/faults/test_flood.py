"""One task floods a session that it shares with 200 others: they are heard all the same."""

import itertools
import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connections, transaction

from sessions.callers import Caller
from tests.factories import make_running, make_worker
from tests.faults.following import Following
from tests.stack import Stack, wait_for
from workflows import services
from workflows.events import Kind
from workflows.services import Claim, TextPiece, Write

TASKS = 200
BATCH = 50
LATEST_SECONDS = 5.0
"""Loose, since the machine runs everything at once. On a quiet one it is milliseconds."""


@pytest.fixture
def readers(stack: Stack) -> Iterator[Following]:
    with Following([stack.url, stack.url]) as following:
        yield following


def flood(claim: Claim, stopping: threading.Event) -> None:
    """As much text as the database takes."""
    numbers = itertools.count(1)
    text = {"call": "plan/1", "stage": "plan", "node": None, "text": "x" * 500}
    while not stopping.is_set():
        services.append_texts([TextPiece(Write(claim, next(numbers)), text) for _ in range(BATCH)])
    connections.close_all()


def test_the_events_of_200_tasks_arrive_although_another_one_floods(
    stack: Stack, caller: Caller, readers: Following
) -> None:
    session, worker = services.open_session(caller), make_worker(600)
    with transaction.atomic():  # claimed before its message can reach a worker
        _, flooding = make_running(caller, worker, session=session)
    claims: list[Claim] = []
    for _ in range(TASKS):
        with transaction.atomic():
            claims.append(make_running(caller, worker, session=session)[1])
    stream = readers.stream(f"/stream/client/{session.pk}")
    wait_for(lambda: len(stream.ids) >= 2 * TASKS, "the reader has caught up")
    stopping = threading.Event()
    flooder = threading.Thread(target=flood, args=[flooding, stopping])
    flooder.start()
    try:
        wait_for(lambda: len(stream.ids) > 2 * TASKS + 10 * BATCH, "the flood is heard")
        progress = {"progress": 1, "current_state": "Working", "marker": "mine"}
        for claim in claims:
            services.append(claim.task_id, Kind.TASK_PROGRESS, progress, write=Write(claim, 1))
    finally:
        stopping.set()
        flooder.join()
    services.close_session(session)
    stream.ended.result(60)
    heard = {
        data["task_id"]: at - datetime.fromisoformat(data["timestamp"]).timestamp()
        for data, name, at in zip(stream.datas, stream.names, stream.received_at, strict=True)
        if name == "task_progress"
    }
    assert set(heard) == {str(claim.task_id) for claim in claims}
    assert max(heard.values()) < LATEST_SECONDS
    session.refresh_from_db()
    assert stream.ids == list(range(1, session.last_seq + 1))
