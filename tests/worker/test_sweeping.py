"""The sweep, of which one process at a time has a round."""

import psycopg
import pytest
from django.db import OperationalError, connection

from tests.stack import database_url, wait_for
from workflows.worker import sweep


def other_gets_it(other: psycopg.Connection) -> bool:
    found = other.execute("SELECT pg_try_advisory_lock(%s)", [sweep.LOCK]).fetchone()
    return bool(found and found[0])


def test_who_is_paused_amidst_a_round_keeps_nobody_from_sweeping(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "SILENCE_SECONDS", 0.5)

    def begin_and_say_nothing() -> bool:
        with sweep.advisory_lock() as locked, psycopg.connect(database_url(), autocommit=True) as other:
            if locked:
                wait_for(lambda: other_gets_it(other), "another process sweeps")
        return locked

    with pytest.raises(OperationalError):
        wait_for(begin_and_say_nothing, "no worker of the tests is at it")
    connection.close()


def test_a_round_leaves_no_limit_behind(database: None) -> None:
    def has_had_a_round() -> bool:
        with sweep.advisory_lock() as locked:
            return locked

    wait_for(has_had_a_round, "no worker of the tests is at it")
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_session_timeout")
        assert cursor.fetchone() == ("0",)
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("15s",)
