"""Lists stay quick whatever the tables hold: no count of a whole table, no query per row, an index for each order.

Plans are asked of the planner with sequential scans and sorts made dear: what it then still scans or sorts as a whole
has no index that fits.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client

from sessions.callers import Caller
from sessions.models import ClientSession
from tests.admin.asking import Queries, list_url, page_url, text_of
from tests.factories import make_running, make_worker, make_workflow, run_and_cancel, tell
from workflows import services
from workflows.admin.history import LISTED
from workflows.events import Kind
from workflows.models import Event, Question, Step, Task, Thread, Worker, Workflow, WorkflowVersion

LISTS: list[tuple[type[Model], dict[str, str]]] = [
    (Task, {}),
    (Task, {"status__exact": "failed"}),
    (Task, {"created_at__gte": "2026-01-01 00:00+00:00"}),
    (Event, {}),
    (Event, {"kind": Kind.TASK_FAILED}),
    (Event, {"kind": Kind.MODEL_TEXT}),
    (Step, {}),
    (Step, {"kind": "tool"}),
    (Question, {}),
    (Question, {"status__exact": "open"}),
    (ClientSession, {}),
    (ClientSession, {"status__exact": "open"}),
    (Worker, {}),
    (Worker, {"lease": "fresh"}),
    (Workflow, {}),
    (WorkflowVersion, {}),
    (Thread, {}),
]


@pytest.fixture
def dear_scans(database: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_incremental_sort = off")
        yield
        cursor.execute("RESET ALL")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def explain(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        (answer,) = cursor.fetchone()
    (plan,) = json.loads(answer) if isinstance(answer, str) else answer
    return list(nodes(plan["Plan"]))


@pytest.mark.parametrize(("model", "filters"), LISTS)
def test_lists_read_an_index_in_its_order(
    client: Client, dear_scans: None, model: type[Model], filters: dict[str, str]
) -> None:
    with Queries() as queries:
        text_of(client.get(list_url(model), filters))
    table = model._meta.db_table
    asked = [query["sql"] for query in queries.captured_queries if f'FROM "{table}"' in query["sql"]]
    assert len(asked) >= 1
    for sql in asked:
        for node in explain(sql):
            assert node["Node Type"] not in ("Sort", "Incremental Sort"), sql
            assert node["Node Type"] != "Seq Scan" or node["Relation Name"] != table, sql


@pytest.mark.parametrize(("model", "filters"), LISTS)
def test_nothing_is_counted_beyond_what_is_listed(client: Client, model: type[Model], filters: dict[str, str]) -> None:
    with Queries() as queries:
        text_of(client.get(list_url(model), filters))
    counts = [query["sql"] for query in queries.captured_queries if "COUNT(*)" in query["sql"]]
    assert all(f"LIMIT {LISTED}" in sql for sql in counts if model._meta.db_table in sql), counts


def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(client: Client, caller: Caller) -> None:
    worker, session = make_worker(), services.open_session(caller)

    def asked() -> list[int]:
        numbers = []
        for model in (Task, Event, Worker, ClientSession, Workflow, WorkflowVersion, Thread):
            with Queries() as queries:
                text_of(client.get(list_url(model)))
            numbers.append(len(queries))
        return numbers

    make_running(caller, worker, session=session)
    run_and_cancel(caller, make_workflow(caller))
    before = asked()
    for _ in range(20):
        _, claim = make_running(caller, worker, session=session)
        tell(claim, 1)
        run_and_cancel(caller, make_workflow(caller))
    assert asked() == before


def test_a_tasks_page_reads_one_page_of_events(client: Client, caller: Caller) -> None:
    task, claim = make_running(caller, make_worker(), session=services.open_session(caller))
    for number in range(1, 150):
        tell(claim, number)
    with Queries() as queries:
        text_of(client.get(page_url(task)))
    on_events = queries.on("workflows_event")
    assert len(on_events) == 2
    assert all("LIMIT" in sql for sql in on_events)
    assert len(queries) < 20
