"""Graphs of thousands of nodes, deep and wide: honest requests or attacks, and neither may take the server down."""

import pytest

from workflows.engine.execution.executor import ExecutionLimits, execute
from workflows.engine.memory import MemoryJournal
from workflows.events import Kind

from .graphs import chain, graph_of
from .instant import SETTINGS, instant
from .scripted import sub_task

NODES = 5_000


def wide():
    return graph_of(*(sub_task(f"n{i}", ["goal"], [f"v{i}"]) for i in range(NODES)))


@pytest.mark.parametrize(("make", "at_once"), [(lambda: chain(NODES), 8), (wide, NODES)], ids=["deep", "wide"])
async def test_thousands_of_nodes_run(make, at_once):
    journal = MemoryJournal()
    limits = ExecutionLimits(nodes_at_once=at_once)
    async with instant() as models:
        done = await execute(make(), {}, settings=SETTINGS, models=models, journal=journal, limits=limits)
    assert models.calls == NODES
    assert len(done["results"]) == NODES
    assert len(journal.of(Kind.NODE_FINISHED)) == NODES
    assert [e["progress"] for e in journal.of(Kind.TASK_PROGRESS)] == list(range(100))
    (started,) = journal.of(Kind.WORKFLOW_STARTED)
    assert (started["total"], started["truncated"]) == (NODES, True)
