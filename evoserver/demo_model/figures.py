"""Figures in a team's conversation: asked for in SQL, written as a table, calculated with, reported."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from evoserver.demo_model.chat import Json
from evoserver.demo_model.words import shorten
from evoserver.demo_model.writer import MARK

BEGINS: Final = "Figures"
"""The message with the table begins so."""
MONTH: Final = "month"

_GROUPS: Final[Mapping[str, str]] = {
    r"regions?": "c.region",
    r"categor(?:y|ies)": "p.category",
    r"products?": "p.name",
    r"segments?|customers?": "c.segment",
    r"channels?": "o.channel",
}
_QUERY: Final = """SELECT {column} AS {name}, count(DISTINCT o.id) AS orders, sum(i.quantity) AS units,
       sum(i.quantity * i.unit_price) AS revenue
FROM orders AS o
JOIN order_items AS i ON i.order_id = o.id
JOIN customers AS c ON c.id = o.customer_id
JOIN products AS p ON p.id = i.product_id
GROUP BY 1
ORDER BY 1"""


@dataclass(frozen=True)
class Table:
    """What the rows are of (`month`, `region`), their names in order, and the revenue of each."""

    group: str
    names: tuple[str, ...]
    revenue: tuple[Decimal, ...]


def query_for(question: str) -> str:
    """By what the question names; by month if it names nothing."""
    for words, column in _GROUPS.items():
        if re.search(rf"\b(?:{words})\b", question, re.IGNORECASE):
            return _QUERY.format(column=column, name=column.partition(".")[2])
    return _QUERY.format(column="to_char(o.ordered_on, 'YYYY-MM')", name=MONTH)


def read_rows(result: str) -> list[Json]:
    """The rows in the result of a query; none where it failed. Numbers as they were written."""
    try:
        rows = json.loads(result, parse_float=Decimal)["rows"]
    except (ValueError, KeyError, TypeError):
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def as_table(rows: Sequence[Json]) -> str:
    """In Markdown."""
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([str(row.get(column)) for column in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def read_table(text: str) -> Table | None:
    """The table in a message, if its last column is numbers."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    if len(lines) < 3:
        return None
    head, _, *rows = lines
    try:
        return Table(head[0], tuple(row[0] for row in rows), tuple(Decimal(row[-1]) for row in rows))
    except InvalidOperation:
        return None


def expressions(table: Table) -> list[str]:
    """What `analysis` wants calculated: the total, and the change or the share."""
    total = " + ".join(map(str, table.revenue))
    if table.group == MONTH and len(table.revenue) > 1:
        *_, before, last = table.revenue
        return [total, f"round(({last} - {before}) / {before} * 100, 1)"]
    return [total, f"round({max(table.revenue)} / ({total}) * 100, 1)"]


def analysis(table: Table, calculated: Sequence[str]) -> str:
    """Sentences about the figures. `calculated`: the values of `expressions`, where a calculator gave them."""
    total, second = _values(table, calculated)
    best = table.names[table.revenue.index(max(table.revenue))]
    lines = [
        f"Total revenue: {total} in {len(table.names)} rows by {table.group}.",
        f"Average for each {table.group}: {(total / len(table.revenue)).quantize(Decimal('0.01'))}.",
        f"Highest revenue: {max(table.revenue)} ({best}).",
    ]
    if table.group == MONTH and len(table.names) > 1:
        lines.append(f"Change from {table.names[-2]} to {table.names[-1]}: {second:+} %.")
    else:
        lines.append(f"Share of {best}: {second} %.")
    return "\n".join(f"- {line}" for line in lines)


def report(question: str, analysis: str) -> str:
    findings = "\n".join(line for line in analysis.splitlines() if line.startswith("- "))
    return (
        f"# Report: {shorten(question, 200)}\n\n## Key figures\n{findings}\n\n## What follows\n"
        f"The demo model does not judge: these are the figures of the business database. {MARK}"
    )


def _values(table: Table, calculated: Sequence[str]) -> tuple[Decimal, Decimal]:
    try:
        first, second = (Decimal(value) for value in calculated)
    except (InvalidOperation, ValueError):
        total = sum(table.revenue, Decimal(0))
        if table.group == MONTH and len(table.revenue) > 1:
            *_, before, last = table.revenue
            return total, ((last - before) / before * 100).quantize(Decimal("0.1"))
        return total, (max(table.revenue) / total * 100).quantize(Decimal("0.1"))
    return first, second
