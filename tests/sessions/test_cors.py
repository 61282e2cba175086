"""Browsers' pages from elsewhere (Fetch standard, "CORS protocol")."""

import pytest
import requests
from django.conf import settings

from tests.http.asking import bearer, generation
from tests.sessions.conftest import ALLOWED_ORIGIN

ASKED = "authorization, content-type, last-event-id, idempotency-key"


def preflight(url: str, origin: str, path: str = "/workflow/generate", method: str = "POST") -> requests.Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": ASKED}
    return requests.options(url + path, headers=headers)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/workflow/generate", "POST"),
        ("/connect", "POST"),
        ("/client/nobody", "DELETE"),
        ("/stream/nobody", "GET"),
        ("/api/v1/tasks", "GET"),
        ("/api/v1/tickets", "POST"),
    ],
)
def test_a_preflight_needs_no_credentials(guarded_url: str, path: str, method: str) -> None:
    response = preflight(guarded_url, ALLOWED_ORIGIN, path, method)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ALLOWED_ORIGIN
    assert method in response.headers["Access-Control-Allow-Methods"]
    assert set(ASKED.split(", ")) <= set(response.headers["Access-Control-Allow-Headers"].split(", "))


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080"])
def test_with_local_access_loopback_origins_are_allowed(url: str, origin: str) -> None:
    assert preflight(url, origin).headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://evil.example", ALLOWED_ORIGIN + ".evil.example"])
def test_without_it_only_those_of_the_settings_are(guarded_url: str, origin: str) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(guarded_url, origin).headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "http://localhost:3000.evil.example"]
)
def test_other_origins_are_never_allowed(url: str, origin: str) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(url, origin).headers


def test_a_page_can_read_the_tasks_id_and_what_went_wrong(guarded_url: str, token: str) -> None:
    headers = {"Origin": ALLOWED_ORIGIN, **bearer(token)}
    good = requests.post(f"{guarded_url}/stream/workflow/generate", json=generation(), headers=headers)
    bad = requests.post(f"{guarded_url}/stream/workflow/generate", json={}, headers=headers)
    closed = requests.post(f"{guarded_url}/stream/workflow/generate", json={}, headers={"Origin": ALLOWED_ORIGIN})
    stream = requests.get(f"{guarded_url}{good.json()['stream_url']}", headers=headers)

    large = requests.post(f"{guarded_url}/connect", data=b" " * (settings.MAX_BODY_BYTES + 1), headers=headers)
    assert [r.status_code for r in (good, bad, closed, stream, large)] == [200, 422, 401, 200, 413]
    for response in (good, bad, closed, stream, large):
        assert response.headers["Access-Control-Allow-Origin"] == ALLOWED_ORIGIN
        assert "X-Task-Id" in response.headers["Access-Control-Expose-Headers"]
