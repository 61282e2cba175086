"""Who gets in: by token, and on one's own machine without."""

import uuid
from datetime import timedelta

import pytest
import requests
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from sessions.callers import Caller
from sessions.models import ApiToken, digest_of
from tests.http.asking import WITH_ID, WITHOUT_ID, Route, answer_to, bearer
from workflows.models import Task

ROUTES = [*WITH_ID, *WITHOUT_ID]


def route_name(route: Route) -> str:
    return f"{route.method} {route.path}"


def ask(url: str, authorization: str, path: str = "/clients") -> requests.Response:
    return requests.get(url + path, headers={"Authorization": authorization})


def assert_unauthenticated(response: requests.Response) -> None:
    assert response.status_code == 401, response.text
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "token" in response.json()["detail"]


@pytest.mark.parametrize("route", ROUTES, ids=route_name)
def test_without_a_token_every_route_is_closed(guarded_url: str, route: Route) -> None:
    before = Task.objects.count()
    response = requests.request(route.method, guarded_url + route.at(uuid.uuid4()), json=route.body)
    assert_unauthenticated(response)
    assert Task.objects.count() == before


@pytest.mark.parametrize("route", ROUTES, ids=route_name)
def test_a_wrong_token_closes_every_route_even_to_the_local_user(url: str, route: Route) -> None:
    headers = bearer("evo_nobody")
    assert_unauthenticated(
        requests.request(route.method, url + route.at(uuid.uuid4()), json=route.body, headers=headers)
    )


def test_health_is_open(guarded_url: str) -> None:
    assert requests.get(f"{guarded_url}/health").json() == {"status": "healthy"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_opens(guarded_url: str, token: str, scheme: str) -> None:
    assert ask(guarded_url, f"{scheme} {token}").status_code == 200
    assert ask(guarded_url, f"{scheme} {token}", "/stream/nobody").status_code == 404


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dGVzdDp0ZXN0",
        "Token x",
        "nonsense",
        "Bearer a b c",
        "Bearer \xe9",
        "Bearer " + "x" * 9000,
    ],
)
@pytest.mark.parametrize("path", ["/clients", "/stream/nobody"])
def test_what_is_no_token_does_not(guarded_url: str, path: str, authorization: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {authorization}\r\n\r\n"
    assert answer_to(guarded_url, head.encode("latin-1")).startswith(b"HTTP/1.1 401 ")


def test_a_token_is_whole_and_its_digest_is_none(guarded_url: str, token: str) -> None:
    for wrong in (token[:-1], token.upper(), digest_of(token), token.removeprefix("evo_")):
        assert_unauthenticated(ask(guarded_url, f"Bearer {wrong}"))


def test_an_expired_token_no_longer_opens(guarded_url: str, stranger: Caller) -> None:
    expired = timezone.now() - timedelta(seconds=1)
    _, token = ApiToken.issue(name="old", user_id=stranger.user.pk, group_id=stranger.group_id, expires_at=expired)
    assert_unauthenticated(ask(guarded_url, f"Bearer {token}"))


def test_a_revoked_token_no_longer_opens(guarded_url: str, stranger: Caller) -> None:
    row, token = ApiToken.issue(name="lost", user_id=stranger.user.pk, group_id=stranger.group_id)
    assert ask(guarded_url, f"Bearer {token}").status_code == 200
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])
    assert_unauthenticated(ask(guarded_url, f"Bearer {token}"))


def test_a_user_who_was_deactivated_is_out(guarded_url: str, stranger: Caller) -> None:
    user = User.objects.create(username=f"gone {uuid.uuid4()}", is_active=False)
    _, token = ApiToken.issue(name="gone", user_id=user.pk, group_id=stranger.group_id)
    assert_unauthenticated(ask(guarded_url, f"Bearer {token}"))


def test_create_token_prints_one_that_opens(guarded_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_token", "laptop", "--user", "anna", "--days", "1")
    token = capsys.readouterr().out.strip()
    assert ask(guarded_url, f"Bearer {token}").status_code == 200
    row = ApiToken.objects.get(digest=digest_of(token))
    assert (row.user.username, row.group.name) == ("anna", "anna")
    assert not ApiToken.objects.filter(digest=token).exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": ""},
        {"X-Forwarded-Host": "localhost"},
        {"X-Forwarded-Proto": "http"},
        {"X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://127.0.0.1.evil.example:8001"},
        {"Origin": "null"},
        {"Origin": "file://"},
        {"Origin": "http://user@evil.example#@localhost"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/clients", "/stream/nobody"])
def test_who_may_not_have_come_directly_is_not_local(url: str, path: str, headers: dict[str, str]) -> None:
    assert_unauthenticated(requests.get(url + path, headers=headers))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1@evil.example"])
def test_who_came_by_another_name_is_not_local(url: str, host: str) -> None:
    """A page can make its own name point here (DNS rebinding)."""
    response = requests.get(f"{url}/clients", headers={"Host": host})
    assert response.status_code in (400, 401)
    assert "detail" in response.json()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost"},
        {"Host": "LocalHost:1234"},
        {"Host": "[::1]:8001"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1:5173"},
        {"Origin": "http://[::1]:5173"},
    ],
    ids=str,
)
def test_who_came_directly_is_local(url: str, headers: dict[str, str]) -> None:
    assert requests.get(f"{url}/clients", headers=headers).status_code == 200


def test_a_form_on_another_page_cannot_start_anything(url: str) -> None:
    """A page from elsewhere can send a simple request without asking first."""
    before = Task.objects.count()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        headers = {"Origin": "https://evil.example", "Content-Type": content_type}
        body = b'{"goal": "Count for me"}'
        assert requests.post(f"{url}/stream/workflow/generate", data=body, headers=headers).status_code == 401
    assert Task.objects.count() == before
