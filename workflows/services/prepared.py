"""Statements that PostgreSQL parses and plans once per connection, not each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def prepared_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """A cursor on Django's connection that sends values apart from the statement.

    Django's own cursors write the values into it, so that each is another statement to PostgreSQL: of an append, half
    the time is planning. psycopg prepares what it sees again and again (`prepare_threshold` in the settings).
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor
