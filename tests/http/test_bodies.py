"""Bodies that are no JSON, or more than it: refused, with nothing left behind."""

import json
from collections.abc import Iterator

import pytest
import requests
from django.conf import settings

from tests.http.asking import GENERATING, JSON, answer_to, connect, generation, post_head, unique_goal
from workflows.models import Task

GOOD = json.dumps(generation()).encode()


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(url: str) -> Iterator[None]:
    before = Task.objects.count()
    yield
    assert Task.objects.count() == before


@pytest.fixture(autouse=True, scope="module")
def _the_server_still_answers(url: str) -> Iterator[None]:
    yield
    assert requests.get(f"{url}/health").json() == {"status": "healthy"}


@pytest.mark.parametrize("path", GENERATING)
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"goal", "not valid JSON"),
        (b'{"goal": "Count', "not valid JSON"),
        (b"{'goal': 'Count'}", "not valid JSON"),
        (GOOD + b"}", "not valid JSON"),
        (b'{"goal": "a\x00b"}', "not valid JSON"),
        (b'{"goal": "a\nb"}', "not valid JSON"),
        (b'{"goal": "a\xff"}', "not valid UTF-8"),
        (b'{"goal": "\xed\xa0\x80"}', "surrogate"),
        (b"[" * 100_000, "deeper than"),
        (b"[" * 100_000 + b"]" * 100_000, "deeper than"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "deeper than"),
        (b'{"goal": "Count", "x": ' + b"9" * 5000 + b"}", "64 bits"),
        (b'{"goal": "Count", "x": -' + b"9" * 19 + b"}", "64 bits"),
        (b'{"goal": "Count", "x": 1e400}', "too large"),
        (b'{"goal": "Count", "x": ' + b'{"y": ' * 5 + b'"\\u0000"' + b"}" * 6, "NUL"),
        (b'{"goal": "Count", "a\\u0000": 1}', "NUL"),
        (b"[]", "JSON object"),
        (b'"goal"', "JSON object"),
        (b"5", "JSON object"),
        (b"null", "JSON object"),
        (b"true", "JSON object"),
        (b"", "required"),
        (b"  \r\n ", "required"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_bad_body(url: str, path: str, body: bytes, says: str) -> None:
    response = requests.post(url + path, data=body, headers=JSON, timeout=60)
    assert response.status_code == 422, response.text
    (problem,) = response.json()["detail"]
    assert problem.keys() == {"loc", "msg", "type"}
    assert says in problem["msg"]


def test_a_bad_body_in_a_session(url: str) -> None:
    path = f"/client/{requests.post(f'{url}/connect').json()['client_id']}/workflow/generate"
    assert requests.post(url + path, data=b"x", headers=JSON).status_code == 422
    assert requests.post(url + path, data=GOOD).status_code == 415


@pytest.mark.parametrize("path", GENERATING)
@pytest.mark.parametrize(
    "content_type",
    [
        None, "", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/xml", "application/jsonx", "nonsense", "application/octet-stream",
    ],
)  # fmt: skip
def test_a_wrong_content_type(url: str, path: str, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = requests.post(url + path, data=GOOD, headers=headers)
    assert response.status_code == 415
    assert "Content-Type: application/json" in response.json()["detail"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_content_type_has_parameters_and_no_case(url: str, content_type: str) -> None:
    response = requests.post(url + GENERATING[0], data=b"{}", headers={"Content-Type": content_type})
    assert response.status_code == 422


@pytest.mark.parametrize("path", ["/connect", "/api/v1/tasks/{}/rerun"])
def test_an_empty_body_needs_no_content_type(url: str, path: str) -> None:
    response = requests.post(url + path.format("nobody"), headers={"Content-Type": "text/plain"})
    assert response.status_code in (200, 404)


@pytest.mark.parametrize("path", GENERATING)
def test_an_announced_body_that_is_too_large_is_refused_before_it_comes(url: str, path: str) -> None:
    length = f"Content-Length: {settings.MAX_BODY_BYTES + 1}"
    _assert_too_large(answer_to(url, post_head(path, length)))


@pytest.mark.parametrize("path", GENERATING)
def test_a_chunked_body_is_refused_once_it_is_too_large(url: str, path: str) -> None:
    size = settings.MAX_BODY_BYTES + 1
    chunk = b"%x\r\n" % size + b" " * size
    _assert_too_large(answer_to(url, post_head(path, "Transfer-Encoding: chunked") + chunk))


def test_a_chunked_body_is_read(url: str) -> None:
    parts = iter([b'{"goal": ', b'""}'])
    response = requests.post(url + GENERATING[0], data=parts, headers=JSON)
    assert response.json()["detail"][0]["loc"] == ["body", "goal"]


@pytest.mark.parametrize("announced", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("path", GENERATING)
def test_a_caller_who_leaves_in_the_middle_of_its_body_leaves_nothing(url: str, path: str, announced: str) -> None:
    goal = unique_goal("Leave early")
    with connect(url) as connection:
        connection.sendall(post_head(path, announced) + b"10\r\n" + json.dumps(generation(goal)).encode())
    assert requests.get(f"{url}/api/v1/tasks", params={"q": goal}).json()["results"] == []


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999", "5, 6", "x"])
def test_a_length_that_is_none(url: str, length: str) -> None:
    answer = answer_to(url, post_head(GENERATING[1], f"Content-Length: {length}", "Connection: close") + b"{}")
    status = int(answer.split(b" ")[1])
    assert 400 <= status < 500, answer
    assert b"Traceback" not in answer


def _assert_too_large(answer: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 "), answer[:300]
    assert str(settings.MAX_BODY_BYTES) in json.loads(body)["detail"]
