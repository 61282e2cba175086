"""Logging in by name and password: guesses are limited, on the dashboard and in the admin alike."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings

from sessions.login import FOR_ALL_NAMES

PASSWORD = "correct horse battery staple"
GUESSES = 3


@pytest.fixture
def name(database: None) -> str:
    """Somebody of the staff."""
    return User.objects.create_user(f"Ada {uuid.uuid4().hex[:8]}", password=PASSWORD, is_staff=True).username


@pytest.fixture
def address() -> str:
    return f"2001:db8::{uuid.uuid4().hex[:4]}"


@pytest.fixture(autouse=True)
def few_guesses() -> Iterator[None]:
    """And passwords that are checked in no time: what takes long to guess takes long to test."""
    with override_settings(LOGIN_GUESSES=GUESSES, PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


def log_in(name: str, password: str, address: str, path: str = "/login/") -> Any:
    """302 where it worked."""
    return Client(REMOTE_ADDR=address).post(path, {"username": name, "password": password})


def test_after_too_many_guesses_even_the_right_password_waits(name: str, address: str) -> None:
    for _ in range(GUESSES):
        page = log_in(name, "wrong", address)
        assert page.status_code == 200
        assert "do not belong together" in page.content.decode()
    page = log_in(name.upper(), PASSWORD, address)
    assert page.status_code == 429
    assert "Too many tries" in page.content.decode()
    assert log_in(name, PASSWORD, "192.0.2.7").status_code == 302, "elsewhere nobody guessed"


def test_the_admins_own_login_counts_with_it(name: str, address: str) -> None:
    for _ in range(GUESSES):
        assert log_in(name, "wrong", address, "/admin/login/").status_code == 200
    assert "Too many tries" in log_in(name, PASSWORD, address, "/admin/login/").content.decode()
    assert log_in(name, PASSWORD, address).status_code == 429


def test_the_right_password_clears_the_count(name: str, address: str) -> None:
    for _ in range(2):
        for _ in range(GUESSES - 1):
            log_in(name, "wrong", address)
        assert log_in(name, PASSWORD, address).status_code == 302


def test_one_password_for_many_names_is_limited_too(name: str, address: str) -> None:
    for number in range(GUESSES * FOR_ALL_NAMES):
        assert log_in(f"nobody {number}", "wrong", address).status_code == 200
    assert log_in(name, PASSWORD, address).status_code == 429


def test_a_missing_name_is_said_and_names_may_hold_anything(address: str) -> None:
    assert "both your name and your password" in log_in("", "x", address).content.decode()
    assert log_in("ñ\n%s' x" * 20, "x", address).status_code == 200


def test_without_redis_nobody_is_locked_out(name: str, address: str) -> None:
    away = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9"}}
    with override_settings(CACHES=away):
        for _ in range(GUESSES + 1):
            log_in(name, "wrong", address)
        assert log_in(name, PASSWORD, address).status_code == 302
    assert cache.get("x") is None


def test_a_password_that_is_given_becomes_the_administrators(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.filter(username="admin").delete()
    monkeypatch.setenv("EVOSERVER_ADMIN_FIRST_PASSWORD", "made up at first")
    call_command("prepare_local")
    assert _admin().check_password("made up at first")

    admin = _admin()
    admin.set_password("chosen in the admin")
    admin.save()
    call_command("prepare_local")
    assert _admin().check_password("chosen in the admin"), "what was made up is for the first time only"

    monkeypatch.setenv("EVOSERVER_ADMIN_PASSWORD", "given by the operator")
    call_command("prepare_local")
    given = _admin()
    assert given.check_password("given by the operator")
    call_command("prepare_local")
    assert _admin().password == given.password, "no login ends because of a restart"


def _admin() -> User:
    return User.objects.get(username="admin")
