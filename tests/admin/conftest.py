from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from sessions.callers import Caller


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(scope="session")
def operator(database: None) -> User:
    user, _ = User.objects.get_or_create(username="operator", is_staff=True, is_superuser=True)
    return user


@pytest.fixture
def client(operator: User) -> Client:
    return client_of(operator)


@pytest.fixture
def staff(caller: Caller) -> Iterator[User]:
    """Staff without any permission; give some with `allow`."""
    user = User.objects.create(username="staff", is_staff=True)
    yield user
    user.delete()


def allow(user: User, *names: str) -> Client:
    """A client of the user, who now has these permissions (`view_task`, …)."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return client_of(User.objects.get(pk=user.pk))
