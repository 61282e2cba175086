"""The sample sales database: the same each time, loaded once, read by a role that can do nothing else."""

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from evoserver.business.address import sample_url
from evoserver.business.loading import load_sample
from evoserver.business.sample import FIRST_DAY, LAST_DAY, tables
from tests.stack import database_url


def test_it_is_the_same_each_time_and_hangs_together() -> None:
    made = {table.name: table.rows for table in tables()}
    assert made == {table.name: table.rows for table in tables()}
    assert {name: len(rows) for name, rows in made.items()} == {
        "customers": 180,
        "products": 24,
        "orders": 1_500,
        "order_items": len(made["order_items"]),
    }
    assert 2_500 < len(made["order_items"]) < 5_000
    assert {row[1] for row in made["orders"]} <= {row[0] for row in made["customers"]}
    assert {row[2] for row in made["order_items"]} <= {row[0] for row in made["products"]}
    assert all(FIRST_DAY <= row[2] <= LAST_DAY for row in made["orders"])


def test_it_was_loaded_and_its_reader_only_reads(database: None) -> None:
    own = connection.settings_dict
    assert load_sample(own, settings.SECRET_KEY) is False, "the first start has loaded it"
    # `database_url` knows how the tests' engine is reached.
    place = database_url().rpartition("@")[2].partition("/")[0]
    address = sample_url(own, settings.SECRET_KEY)
    assert f"@{place}/" in address
    with psycopg.connect(address, autocommit=True) as reader:
        count = reader.execute("SELECT count(*) FROM orders").fetchone()
        assert count == (1_500,)
        for forbidden in ("DELETE FROM orders", "CREATE TABLE mine (id int)", "SELECT * FROM pg_authid"):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
                reader.execute(forbidden)
    elsewhere = psycopg.conninfo.make_conninfo(address, dbname=own["NAME"])
    with psycopg.connect(elsewhere, autocommit=True) as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("SELECT * FROM workflows_task")
