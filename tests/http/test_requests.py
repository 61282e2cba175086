"""Paths, methods and hosts: whatever is asked, the answer is JSON and says what to change."""

import json
import uuid

import pytest
import requests

from tests.http.asking import WITH_ID, WITHOUT_ID, Route, answer_to, bearer

IDS = [
    "00000000-0000-4000-8000-000000000000", "nobody", "-1", "a%00b", "%0d%0aX: y", "%ff", "%F0%9F%98%80", "x" * 5000,
]  # fmt: skip
OTHERS = {
    "GET": ["POST", "PUT", "PATCH", "DELETE", "TRACE"],
    "POST": ["GET", "PUT", "PATCH", "DELETE"],
    "DELETE": ["GET", "POST", "PUT"],
}


@pytest.mark.parametrize("route", WITH_ID, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("id", IDS, ids=lambda id: id[:12])
def test_an_unknown_id_is_a_404(url: str, route: Route, id: str) -> None:
    response = requests.request(route.method, url + route.at(id), json=route.body, timeout=60)
    assert response.status_code == 404, response.text
    detail = response.json()["detail"]
    assert detail.startswith("There is no ")
    assert len(detail) < 200


@pytest.mark.parametrize("route", [*WITH_ID, *WITHOUT_ID], ids=lambda route: f"{route.method} {route.path}")
def test_a_wrong_method_is_a_405_that_says_which_are_right(url: str, route: Route) -> None:
    for method in OTHERS[route.method]:
        if Route(method, route.path) in [Route(r.method, r.path) for r in (*WITH_ID, *WITHOUT_ID)]:
            continue
        response = requests.request(method, url + route.at(uuid.uuid4()))
        assert response.status_code == 405, (method, response.text)
        assert route.method in response.headers["Allow"]
        assert response.json() == {"detail": f"Use {route.method} here."}


@pytest.mark.parametrize("route", [*WITH_ID, *WITHOUT_ID], ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_start_nothing_and_break_nothing(url: str, route: Route, method: str) -> None:
    response = requests.request(method, url + route.at(uuid.uuid4()), timeout=60)
    assert response.status_code in (200, 404, 405)
    if response.status_code != 404:
        assert route.method in response.headers["Allow"]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/workflow/generate/", "/stream/", "/client/", "/api/v1/", "/%00", "/%ff"]
)
def test_an_unknown_path_is_a_404_in_json(url: str, path: str) -> None:
    response = requests.get(url + path)
    assert response.status_code == 404
    assert response.json()["detail"].startswith("There is nothing at /")


def test_health_is_only_for_getting(url: str) -> None:
    response = requests.post(f"{url}/health")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert "detail" in response.json()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b", "127.0.0.1@evil.example", ""])
@pytest.mark.parametrize("path", ["/clients", "/stream/nobody"])
def test_a_foreign_host_is_a_400_in_json(url: str, stranger_token: str, path: str, host: str) -> None:
    token = bearer(stranger_token)["Authorization"]
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
    answer = answer_to(url, head.encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "Host" in json.loads(answer[answer.index(b"{") : answer.rindex(b"}") + 1])["detail"]


@pytest.mark.parametrize(
    "request_bytes",
    [b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"],
)
def test_what_is_no_http_is_a_400(url: str, request_bytes: bytes) -> None:
    assert answer_to(url, request_bytes).startswith(b"HTTP/1.1 400 ")
