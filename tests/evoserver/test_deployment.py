"""A server for others: Django's deployment checks, and what HTTPS behind a proxy means."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.contrib.auth.models import User

from sessions.callers import Caller
from tests.stack import ROOT, Stack

PASSWORD = "correct horse battery staple"
DEPLOYED = {"DEBUG": "0", "LOCAL_ACCESS": "0", "SECRET_KEY": secrets.token_urlsafe(48)}
BY_HTTPS = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


def check_deployment(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` with these settings and no others of ours."""
    kept = {name: value for name, value in os.environ.items() if name not in ("HTTPS", "ALLOWED_HOSTS", "SERVER_HOST")}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**kept, "EVOSERVER_DATA_DIR": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_checks_have_nothing_to_say_of_the_defaults(tmp_path: Path) -> None:
    done = check_deployment(tmp_path, **DEPLOYED)
    assert done.returncode == 0, done.stderr


def test_the_checks_speak_of_what_is_left_open(tmp_path: Path) -> None:
    open_ = {"LOCAL_ACCESS": "1", "HTTPS": "0", "HSTS_SECONDS": "0", "HTTPS_REDIRECT": "0", "SECRET_KEY": "short"}
    done = check_deployment(tmp_path, **{**DEPLOYED, **open_, "DEBUG": "1"})
    assert done.returncode == 1
    said = set(re.findall(r"\w+\.W\d+", done.stderr))
    assert said >= {"evoserver.W002", *(f"security.W0{number}" for number in ("04", "08", "09", "12", "18"))}


def test_what_the_databases_address_asks_for_is_asked_for(tmp_path: Path) -> None:
    address = "postgresql://me@db.example/evo?sslmode=verify-full&options=-c%20search_path%3Devo"
    code = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS'])"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", code],
        cwd=ROOT,
        env={**os.environ, **DEPLOYED, "EVOSERVER_DATA_DIR": str(tmp_path), "DATABASE_URL": address},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "'sslmode': 'verify-full'" in done.stdout
    assert "'-c search_path=evo -c idle_in_transaction_session_timeout=15s'" in done.stdout


@pytest.fixture(scope="module")
def https(stack: Stack) -> Iterator[str]:
    """A web process behind a proxy on this machine that speaks HTTPS."""
    process, url = stack.start_web(
        "https", LOCAL_ACCESS="0", HTTPS="1", TRUSTED_PROXIES="127.0.0.1", ALLOWED_HOSTS="evo.example"
    )
    yield url
    process.stop()


def test_plain_http_is_sent_to_https(https: str) -> None:
    forwarded = {"Host": "evo.example", "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http"}
    answer = requests.get(f"{https}/tasks?a=b", headers=forwarded, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://evo.example/tasks?a=b")


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
def test_probes_beside_the_process_need_no_https(https: str, path: str) -> None:
    assert requests.get(https + path, allow_redirects=False).status_code == 200


def test_a_login_by_https_has_cookies_that_travel_by_nothing_else(https: str, caller: Caller) -> None:
    user, _ = User.objects.get_or_create(username="grace")
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    user.groups.add(caller.group)
    headers = {"Host": "evo.example", "Referer": "https://evo.example/login/", **BY_HTTPS}
    page = requests.get(f"{https}/login/", headers=headers)
    assert page.headers["Strict-Transport-Security"] == "max-age=3600"
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token
    answer = requests.post(
        f"{https}/login/",
        data={"csrfmiddlewaretoken": token[1], "username": "grace", "password": PASSWORD},
        headers={**headers, "Cookie": f"csrftoken={page.cookies['csrftoken']}"},
        allow_redirects=False,
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert "sessionid" in answer.cookies
    assert all(cookie.secure for cookie in [*page.cookies, *answer.cookies])


def test_a_server_that_nobody_can_reach_by_https_says_so_at_the_start(stack: Stack) -> None:
    process, _ = stack.start_web("unreachable", LOCAL_ACCESS="0", HTTPS="1")
    process.stop()
    assert "TRUSTED_PROXIES names no proxy" in stack.log_of("unreachable")
    assert "TRUSTED_PROXIES" not in stack.log_of("web")
