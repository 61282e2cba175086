"""Health: who may ask, what each part's absence means, and that nobody waits."""

import asyncio
import threading
from datetime import timedelta

import pytest
import requests
from django.contrib.auth.models import User
from django.utils import timezone

from evoserver.inquiry import Inquiry
from sessions.callers import Caller
from sessions.models import ApiToken
from tests.http.asking import bearer
from tests.stack import Stack, free_port
from workflows.models import Worker

FOR_OPERATORS = ["/health/ready", "/metrics"]


@pytest.fixture(scope="module")
def staff_token(caller: Caller) -> str:
    user, _ = User.objects.get_or_create(username="monitoring", is_staff=True)
    user.groups.add(caller.group)
    return ApiToken.issue(name="monitoring", user_id=user.pk, group_id=caller.group_id)[1]


def forwarded(token: str = "") -> dict[str, str]:
    """Headers of a request that came through a proxy, so that it is not local."""
    return {"X-Forwarded-For": "203.0.113.7"} | (bearer(token) if token else {})


@pytest.mark.parametrize("path", ["/health", "/health/live"])
def test_anybody_may_ask_whether_the_process_answers(url: str, path: str) -> None:
    assert requests.get(url + path, headers=forwarded()).status_code == 200
    assert requests.post(url + path, headers=forwarded()).status_code == 405


@pytest.mark.parametrize("path", FOR_OPERATORS)
def test_the_rest_is_for_this_machine_and_for_staff(url: str, path: str, stranger_token: str, staff_token: str) -> None:
    assert requests.get(url + path).status_code == 200
    assert requests.get(url + path, headers=forwarded()).status_code == 401
    assert requests.get(url + path, headers=forwarded("evo_nonsense")).status_code == 401
    assert requests.get(url + path, headers=forwarded(stranger_token)).status_code == 403
    allowed = requests.get(url + path, headers=forwarded(staff_token))
    assert allowed.status_code == 200
    assert allowed.headers["Cache-Control"] == "no-store"
    assert requests.post(url + path).status_code == 405


def test_a_whole_server_is_ready(url: str) -> None:
    answer = requests.get(f"{url}/health/ready").json()
    assert answer["status"] == "ok"
    assert {name: part["status"] for name, part in answer["checks"].items()} == {
        "database": "ok",
        "worker": "ok",
        "redis": "ok",
    }


def test_without_redis_it_is_degraded(stack: Stack) -> None:
    _, url = stack.start_web("redisless", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    answer = requests.get(f"{url}/health/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == answer.json()["checks"]["redis"]["status"] == "degraded"


def test_without_the_database_it_is_failed_and_says_so_in_time(stack: Stack) -> None:
    _, url = stack.start_web("rowless", DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    answer = requests.get(f"{url}/health/ready", timeout=15)
    assert answer.status_code == 503
    assert answer.json()["status"] == answer.json()["checks"]["database"]["status"] == "failed"
    assert requests.get(f"{url}/health/live").status_code == 200
    assert "evoserver_database_up 0.0" in requests.get(f"{url}/metrics").text


def test_without_a_worker_it_is_degraded(url: str, stack: Stack) -> None:
    """Workers that are alive renew their leases at once, so their rows are out of the way for one question only."""
    now = timezone.now()
    leases = dict(Worker.objects.filter(lease_until__gt=now).values_list("pk", "lease_until"))
    for _ in range(50):
        Worker.objects.filter(lease_until__gt=now).update(lease_until=now - timedelta(days=1))
        answer = requests.get(f"{url}/health/ready")
        if answer.json()["checks"]["worker"]["status"] == "degraded":
            break
    for pk, until in leases.items():
        Worker.objects.filter(pk=pk).update(lease_until=until)
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"


async def test_a_question_is_under_way_once_and_nobody_waits_for_it_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evoserver.inquiry.SECONDS", 0.05)
    asked, answer = 0, asyncio.Event()

    async def ask() -> str:
        nonlocal asked
        asked += 1
        await answer.wait()
        return "well"

    inquiry = Inquiry(ask)
    results = await asyncio.gather(*(inquiry.answer() for _ in range(20)), return_exceptions=True)
    assert all(isinstance(result, TimeoutError) for result in results)
    answer.set()
    assert await inquiry.answer() == "well"
    assert asked == 1
    assert await inquiry.answer() == "well"
    assert asked == 2
    assert threading.active_count() < 20
