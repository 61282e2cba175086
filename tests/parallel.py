"""A pytest plugin that keeps test processes side by side apart: each has its own part of Redis.

Loaded before Django's settings are. Databases are told apart by pytest-django.
"""

import os
from collections import Counter

import pytest


def number() -> int:
    """Of this test process; 0 where there is only one."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def redis_url(part: int) -> str:
    """An address with a queue of its own, `part` 0 for the tests' server, 1 for whoever wants to be apart from it."""
    return f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{2 * number() + part}"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Of tests with the same id only one would be run, and nothing would tell."""
    doubled = [id for id, count in Counter(item.nodeid for item in session.items).items() if count > 1]
    if doubled:
        raise pytest.UsageError(f"several tests have the id {doubled[0]}")


if "REDIS_URL" in os.environ:
    os.environ["REDIS_URL"] = redis_url(0)
