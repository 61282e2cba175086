"""A query on a database that an administrator has named: read, and nothing else.

Three guards, none of which reads SQL: the transaction is read-only; the query goes by the extended protocol, which
takes one statement, and first on its own, so that it is whole; and then it is a part of a cursor's declaration, so that
it can only be one that returns rows. The fourth is the administrator's: a role that may read what it is to read.
"""

import logging
from dataclasses import dataclass, field
from typing import Final

import psycopg

from workflows.engine.tools import Arguments, Tool, ToolContext, ToolFailed

logger = logging.getLogger(__name__)

CONNECT_S: Final = 5
MAX_CHARS: Final = 10_000
ROW_BYTES: Final = 20_000

# As one JSON text a row, measured where it is made: a value of a gigabyte is never sent.
_DECLARE: Final = """DECLARE found NO SCROLL CURSOR FOR
SELECT octet_length(line), CASE WHEN octet_length(line) <= {bytes} THEN line END
FROM (SELECT row_to_json(asked)::text AS line FROM (
{query}
) AS asked) AS written"""

ONLY_READ: Final = "Only one SELECT is run here, and nothing that changes the database."


@dataclass(frozen=True)
class SqlLimits:
    """`url`: of the database, with the name and the password of a role that may only read."""

    url: str = field(repr=False)
    rows: int = 200
    seconds: float = 10.0


def sql_query(limits: SqlLimits, name: str = "sql_query", database: str = "the database") -> Tool:
    """The tool, on this database. `database`: what it is called in the tool's description."""

    async def query(arguments: Arguments, context: ToolContext) -> str:
        try:
            rows = await _rows(arguments["query"], limits)
        except psycopg.errors.QueryCanceled:
            raise ToolFailed(f"The query took longer than {limits.seconds:g} s. Ask for less.") from None
        except psycopg.Error as error:
            raise ToolFailed(_refusal(error)) from None
        note = f', "note": "only the first {limits.rows} rows"' if len(rows) > limits.rows else ""
        # As the database wrote them: no digit of a number is lost.
        listed = ",\n".join(rows[: limits.rows])
        return f'{{"count": {min(len(rows), limits.rows)}{note}, "rows": [\n{listed}\n]}}'

    return Tool(
        name=name,
        description=f"Runs one SQL query (PostgreSQL, SELECT only) on {database} and returns its rows as JSON. Tables "
        "and columns are listed in information_schema.",
        call=query,
        parameters={
            "type": "object",
            "properties": {"query": {"type": "string", "minLength": 1, "maxLength": MAX_CHARS}},
            "required": ["query"],
            "additionalProperties": False,
        },
        timeout_s=limits.seconds + 10,
        output_limit=30_000,
    )


async def _rows(query: str, limits: SqlLimits) -> list[str]:
    """The rows as JSON, at most one more than there may be."""
    milliseconds = round(limits.seconds * 1000)
    # People end it with a semicolon, and a part of a declaration has none.
    asked = query.strip().rstrip(";")
    connection = await psycopg.AsyncConnection.connect(limits.url, connect_timeout=CONNECT_S, autocommit=True)
    async with connection:
        await connection.execute("BEGIN TRANSACTION READ ONLY")
        await connection.execute(f"SET LOCAL statement_timeout = {milliseconds}".encode())
        await connection.execute(f"SET LOCAL lock_timeout = {milliseconds}".encode())
        # On its own, so that nothing of it can reach beyond the parentheses that it is then put in.
        await connection.execute(f"PREPARE asked AS\n{asked}".encode(), prepare=True)
        await connection.execute(_DECLARE.format(bytes=ROW_BYTES, query=asked).encode(), prepare=True)
        found = await connection.execute(f"FETCH {limits.rows + 1} FROM found".encode())
        rows = [_row(size, line) for size, line in await found.fetchall()]
        await connection.execute("ROLLBACK")
        return rows


def _row(size: int, line: str | None) -> str:
    return line or f'{{"left out": "this row has {size:,} bytes; select less of it"}}'


def _refusal(error: psycopg.Error) -> str:
    """What the database says of the query is what its author needs; what it says of the connection is the log's."""
    state = error.sqlstate or ""
    if not state or state.startswith(_NOT_THE_QUERYS):
        logger.warning("the database of a tool for SQL does not serve (%s)", state or type(error).__name__)
        return "The database cannot be reached at the moment. Do without it."
    hint = f" {ONLY_READ}" if state in _OTHER_STATEMENTS else ""
    return f"The database refuses the query: {(error.diag.message_primary or 'it cannot be run')[:500]}.{hint}"


_NOT_THE_QUERYS: Final = ("08", "28", "3D000", "53", "57", "58", "XX")
_OTHER_STATEMENTS: Final = frozenset({"25006", "0A000", "42601"})
"""A read-only transaction, something that no cursor can do, a syntax that is none of a SELECT's."""
