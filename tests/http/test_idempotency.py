"""`Idempotency-Key`: the same request again is the same task."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.http.asking import GENERATING, bearer, generation
from workflows.models import Task


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def start(url: str, headers: dict[str, str], path: str = GENERATING[1], **changes: Any) -> requests.Response:
    return requests.post(url + path, json=generation() | changes, headers=headers)


def test_the_same_request_again_is_the_same_task(url: str, key: dict[str, str]) -> None:
    first, second = start(url, key), start(url, key)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()


def test_many_at_once_are_one_task(url: str, key: dict[str, str]) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: start(url, key), range(8)))
    assert len({answer.headers["X-Task-Id"] for answer in answers}) == 1
    assert Task.objects.filter(idempotency_key=key["Idempotency-Key"]).count() == 1


def test_a_blocking_call_attaches_to_the_running_task(url: str, key: dict[str, str]) -> None:
    with ThreadPoolExecutor(2) as threads:
        config = {"model": "demo-slow-0.3s"}
        one, other = threads.map(lambda _: start(url, key, GENERATING[0], llm_config=config), range(2))
    assert one.status_code == other.status_code == 200
    assert one.headers["X-Task-Id"] == other.headers["X-Task-Id"]
    assert one.json()["workflow_graph"] == other.json()["workflow_graph"]


@pytest.mark.parametrize("change", [{"goal": "Count the goats"}, {"timeout": 9}, {"llm_config": {"model": "other"}}])
def test_a_key_is_for_one_request_only(url: str, key: dict[str, str], change: dict[str, Any]) -> None:
    start(url, key)
    again = start(url, key, **change)
    assert again.status_code == 409
    assert "new key" in again.json()["detail"]


def test_a_key_counts_per_route_and_per_caller(url: str, key: dict[str, str], stranger_token: str) -> None:
    answers = [start(url, key), start(url, key, GENERATING[0]), start(url, key | bearer(stranger_token))]
    assert len({answer.headers["X-Task-Id"] for answer in answers}) == 3


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_is_none(url: str, key: str) -> None:
    before = Task.objects.count()
    response = start(url, {"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]
    assert Task.objects.count() == before
