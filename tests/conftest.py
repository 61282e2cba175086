"""What all tests share: a migrated database, callers, and the whole server as it really runs.

The engines come from `make test`, which runs pytest under `python -m evoserver.local exec`. There is one database for
all: tests of services commit, as the server does, and look only at what they made themselves.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

from sessions.authentication import LOCAL_NAME
from sessions.callers import Caller
from sessions.models import ApiToken
from sessions.roles import open_group
from tests.stack import Stack


@pytest.fixture(scope="session")
def database(django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A test database, open to every test of the session. Nothing is rolled back: the server reads it too."""
    with django_db_blocker.unblock():
        before = setup_databases(verbosity=0, interactive=False, aliases={"default"})
        call_command("prepare_local")
        yield
        connection.close()
        connection.close_pool()
        teardown_databases(before, verbosity=0)


@pytest.fixture(scope="session")
def stack(database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Demo model, worker and web server as processes of their own, on the test database."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def url(stack: Stack) -> str:
    """The running server's address. Callers from here are the local user."""
    return stack.url


@pytest.fixture(scope="session")
def caller(database: None) -> Caller:
    """The local user."""
    return Caller(user=User.objects.get(username=LOCAL_NAME), group=Group.objects.get(name=LOCAL_NAME), via="local")


@pytest.fixture(scope="session")
def stranger(database: None) -> Caller:
    """Somebody of another group."""
    user, _ = User.objects.get_or_create(username="stranger")
    group = open_group("strangers")
    user.groups.add(group)
    return Caller(user=user, group=group, via="token")


@pytest.fixture(scope="session")
def stranger_token(stranger: Caller) -> str:
    _, token = ApiToken.issue(name="tests", user_id=stranger.user.pk, group_id=stranger.group_id)
    return token


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent
