"""The sample sales database, made where it is missing."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg import sql

from evoserver.business.address import reader_password, sample_name
from evoserver.business.sample import SCHEMA, tables

LOCK: Final = 0x53414C45
"""The advisory lock ("SALE") under which one of several starts does it."""


def load_sample(own: Mapping[str, Any], secret_key: str) -> bool:
    """Make the database and its reader, who may read it and nothing else. False: it was there already.

    `own`: the server's database, as Django's settings have it. Raises psycopg.Error where its user may make neither
    databases nor roles.
    """
    name = sql.Identifier(sample_name(own))
    with psycopg.connect(**_place(own, own["NAME"]), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        _make_reader(server, own, secret_key)
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [sample_name(own)]).fetchone():
            # Not of template1, which cannot be copied while somebody is connected to it.
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
        with psycopg.connect(**_place(own, sample_name(own))) as sample:
            return _fill(sample, name)


def _make_reader(server: psycopg.Connection[Any], own: Mapping[str, Any], secret_key: str) -> None:
    name = sample_name(own)
    is_there = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    # With its password anew: the secret key may be another one since.
    order = sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
        sql.SQL("ALTER" if is_there else "CREATE"), sql.Identifier(name), sql.Literal(reader_password(own, secret_key))
    )
    server.execute(order)
    server.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(sql.Identifier(name)))


def _fill(sample: psycopg.Connection[Any], reader: sql.Identifier) -> bool:
    """All of it in one transaction."""
    if sample.execute("SELECT to_regclass('order_items')").fetchone() != (None,):
        return False
    sample.execute(SCHEMA)
    for table in tables():
        with sample.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table.name))) as copy:
            for row in table.rows:
                copy.write_row(row)
    sample.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(reader))
    sample.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(reader))
    return True


def _place(own: Mapping[str, Any], database: str) -> dict[str, Any]:
    given = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"], "password": own["PASSWORD"]}
    return {**{key: value for key, value in given.items() if value}, "dbname": database, "connect_timeout": 5}
