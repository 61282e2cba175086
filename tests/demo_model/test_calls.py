import asyncio
from typing import Any

import httpx

from evoserver.demo_model.calls import MAX_ENTRIES, Calls
from evoserver.demo_model.chat import ChatRequest, Message
from tests.demo_model.asking import PLAN_FORMAT, goal_message

COUNTS = ("started", "finished", "refused", "cut")


def counts(report: dict[str, Any]) -> tuple[int, ...]:
    return tuple(report[name] for name in COUNTS)


def complete(http: httpx.Client, model: str, goal: str) -> None:
    body = {"model": model, "messages": [goal_message(goal)], "response_format": PLAN_FORMAT}
    http.post("/v1/chat/completions", json=body)


def test_calls_are_counted_by_goal(http: httpx.Client) -> None:
    complete(http, "demo", "Count these calls")
    complete(http, "demo", "Count these calls")
    complete(http, "demo-500", "Count these calls")
    complete(http, "demo", "Count other calls")
    report = http.get("/calls", params={"goal": "Count these calls"}).json()
    assert counts(report) == (3, 2, 1, 0)
    assert report["distinct"] == 2
    assert {call["schema_name"] for call in report["calls"]} == {"workflow_plan"}
    assert {call["model"]: counts(call) for call in report["calls"]} == {"demo": (2, 2, 0, 0), "demo-500": (1, 0, 1, 0)}


def test_a_forgotten_refusal_happens_again(http: httpx.Client) -> None:
    for _ in range(2):
        complete(http, "demo-429", "Forget this")
        assert counts(http.get("/calls", params={"goal": "Forget this"}).json()) == (1, 0, 1, 0)
        assert http.delete("/calls").status_code == 204
    assert counts(http.get("/calls").json()) == (0, 0, 0, 0)


async def test_a_client_that_leaves_is_counted_as_cut_and_leaves_no_task(root_url: str) -> None:
    async with httpx.AsyncClient(base_url=root_url, timeout=60) as client:
        for model in ("demo-slow-30s", "demo-hang"):
            goal = f"Leave early from {model}"
            body = {"model": model, "messages": [goal_message(goal)], "stream": True}
            asking = asyncio.create_task(client.post("/v1/chat/completions", json=body))
            assert await _becomes(client, goal, (1, 0, 0, 0))
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            assert await _becomes(client, goal, (1, 0, 0, 1))


async def _becomes(client: httpx.AsyncClient, goal: str, wanted: tuple[int, ...]) -> bool:
    async with asyncio.timeout(10):
        while counts((await client.get("/calls", params={"goal": goal})).json()) != wanted:
            await asyncio.sleep(0.01)
    return True


def test_memory_is_bounded() -> None:
    calls = Calls()
    for number in range(MAX_ENTRIES + 5):
        calls.start(ChatRequest("demo", (Message("user", str(number)),)), "goal")
    assert len(calls.entries) == MAX_ENTRIES
    assert calls.report()["dropped"] == 5
