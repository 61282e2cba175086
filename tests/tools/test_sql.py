"""SQL that reads, on a real PostgreSQL, and no way to more."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from tests.stack import database_url
from tests.tools.conftest import Use
from workflows.engine.tools import Tool
from workflows.tools.sql import ONLY_READ, SqlLimits, sql_query


@pytest.fixture(scope="module")
def url(database: None) -> Iterator[str]:
    address = database_url()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE tool_orders (id int PRIMARY KEY, amount numeric, about text)")
        connection.execute(
            "INSERT INTO tool_orders SELECT i, i * 1.10, 'order ' || i FROM generate_series(1, 500) AS i"
        )
        yield address
        connection.execute("DROP TABLE tool_orders")


@pytest.fixture
def sql(url: str) -> Tool:
    return sql_query(SqlLimits(url, rows=100, seconds=20))


async def test_rows_come_as_json(use: Use, sql: Tool) -> None:
    query = (
        "SELECT id, amount, about -- the first ones\nFROM tool_orders WHERE about LIKE '%order%' ORDER BY id LIMIT 2;"
    )
    ok, text = await use(sql, query=query)
    assert ok
    assert json.loads(text) == {
        "count": 2,
        "rows": [{"id": 1, "amount": 1.1, "about": "order 1"}, {"id": 2, "amount": 2.2, "about": "order 2"}],
    }
    assert '"amount":1.10' in text, "as the database wrote it"
    many = json.loads((await use(sql, query="TABLE tool_orders")).text)
    assert (many["count"], many["note"]) == (100, "only the first 100 rows")
    assert json.loads((await use(sql, query="VALUES (1), (NULL)")).text)["rows"] == [{"column1": 1}, {"column1": None}]
    assert json.loads((await use(sql, query="WITH a AS (SELECT 1 AS b) SELECT * FROM a")).text)["count"] == 1


WRITES = [
    "INSERT INTO tool_orders VALUES (1000, 1, 'x')",
    "UPDATE tool_orders SET amount = 0",
    "DELETE FROM tool_orders RETURNING *",
    "WITH gone AS (DELETE FROM tool_orders RETURNING *) SELECT * FROM gone",
    "SELECT * FROM tool_orders FOR UPDATE",
    "SELECT 1 INTO stolen",
    "CREATE TABLE stolen AS SELECT 1",
    "DROP TABLE tool_orders",
    "TRUNCATE tool_orders",
    "COPY tool_orders TO PROGRAM 'id'",
    "SELECT nextval('tool_sequence'), lo_create(0)",
    "SET TRANSACTION READ WRITE",
    "COMMIT",
    "ROLLBACK; DELETE FROM tool_orders",
    "SELECT 1; DELETE FROM tool_orders",
    "SELECT 1; COMMIT; DELETE FROM tool_orders; --",
    "SELECT 1) AS asked) AS written; DELETE FROM tool_orders; --",
    "SELECT 1) AS asked) AS written UNION ALL SELECT 1, repeat('x', 1000000) FROM (SELECT 1) AS q --",
    "SELECT 1 /*",
    "EXPLAIN ANALYZE DELETE FROM tool_orders",
    "DO $$ BEGIN DELETE FROM tool_orders; END $$",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "",
    ";",
]


@pytest.mark.parametrize("query", WRITES)
async def test_nothing_is_written(use: Use, sql: Tool, url: str, query: str) -> None:
    if query:
        ok, text = await use(sql, query=query)
        assert not ok
        assert "refuses the query" in text
    else:
        assert sql.problems({"query": query})
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT count(*), sum(amount), to_regclass('stolen') FROM tool_orders").fetchone()
    assert found is not None
    assert (found[0], int(found[1]), found[2]) == (500, 137775, None)


async def test_a_refusal_says_what_the_database_says(use: Use, sql: Tool) -> None:
    assert (await use(sql, query="SELECT * FROM nowhere")).text == (
        'The database refuses the query: relation "nowhere" does not exist.'
    )
    assert (await use(sql, query="DELETE FROM tool_orders")).text.endswith(ONLY_READ)


async def test_time_and_size_are_bounded(use: Use, sql: Tool, url: str) -> None:
    hasty = sql_query(SqlLimits(url, seconds=0.3))
    assert (await use(hasty, query="SELECT pg_sleep(30)")).text == "The query took longer than 0.3 s. Ask for less."
    # A query that lifts the limit has one when it begins.
    slow = "SELECT set_config('statement_timeout', '0', false), pg_sleep(30)"
    assert "took longer" in (await use(hasty, query=slow)).text
    found = json.loads((await use(sql, query="SELECT repeat('x', 5000000) AS big UNION ALL SELECT 'small'")).text)
    assert found["rows"] == [
        {"left out": "this row has 5,000,010 bytes; select less of it"},
        {"big": "small"},
    ]


async def test_a_database_that_is_away_is_said_without_its_address(use: Use, caplog: pytest.LogCaptureFixture) -> None:
    for address in ("postgresql://reader:hunter2@127.0.0.1:9/x", "postgresql://reader:hunter2@[nonsense"):
        ok, text = await use(sql_query(SqlLimits(address)), query="SELECT 1")
        assert (ok, text) == (False, "The database cannot be reached at the moment. Do without it.")
    assert "hunter2" not in caplog.text
    assert "hunter2" not in repr(SqlLimits("postgresql://reader:hunter2@127.0.0.1:9/x"))
