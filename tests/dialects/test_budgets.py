"""Budgets over HTTP: a task stops before it passes its own, and says so."""

import requests

from tests.factories import kinds_of
from tests.streaming.sse import read_stream
from workflows.events import Kind
from workflows.models import Reservation, Task

GOAL = {"goal": "Compare five kinds of tea and write a report", "llm_config": {"model": "demo"}}


def test_a_task_stops_before_it_passes_its_budget(url: str) -> None:
    answer = requests.post(f"{url}/workflow/generate", json={**GOAL, "budget": {"tokens": 11_000}}, timeout=60)
    assert answer.status_code == 402, answer.text
    assert "The task's budget of 11,000 tokens does not allow another model call" in answer.json()["detail"]
    task = Task.objects.get(pk=answer.headers["X-Task-Id"])
    assert 0 < task.prompt_tokens + task.completion_tokens <= 11_000
    kinds = kinds_of(task.pk)
    assert kinds.count(Kind.BUDGET_WARNING) == kinds.count(Kind.BUDGET_EXCEEDED) == 1
    assert kinds[-1] == Kind.TASK_FAILED
    assert not Reservation.objects.filter(task=task).exists()


def test_a_warning_shows_as_an_update(url: str) -> None:
    body = {**GOAL, "budget": {"cost_usd": 0.0011}}
    started = requests.post(f"{url}/stream/workflow/generate", json=body, timeout=60).json()
    messages = read_stream(url + started["stream_url"])
    assert any("used or reserved" in message.data.get("current_state", "") for message in messages)
    shown = requests.get(f"{url}/api/v1/tasks/{started['task_id']}", timeout=60).json()
    assert shown["budget"] == {"tokens": None, "cost_usd": 0.0011}
    assert shown["cost_usd"] <= 0.0011


def test_a_budget_that_is_none_is_refused(url: str) -> None:
    for budget in ({"tokens": 0}, {"tokens": "many"}, {"cost_usd": -1}, [], {"tokens": 1.5}):
        answer = requests.post(f"{url}/workflow/generate", json={**GOAL, "budget": budget}, timeout=60)
        assert answer.status_code == 422, (budget, answer.text)
        assert answer.json()["detail"][0]["loc"][:2] == ["body", "budget"]
