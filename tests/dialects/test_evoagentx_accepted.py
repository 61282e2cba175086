"""What clients send and what must be taken."""

import json
from typing import Any

import pytest
import requests

from tests.http.asking import JSON, generation
from workflows.events import Kind
from workflows.models import Event, Task


@pytest.mark.parametrize(
    "more",
    [
        {"mcp_config": {}},
        {"mcp_config": None},
        {"mcp_config": {"mcpServers": {}}},
        {"llm_config": None},
        {"llm_config": {"model": "m", "base_url": "https://api.openai.com/v1/", "openai_key": "key"}},
        {"llm_config": {"model": "m", "base_url": "", "api_base": None, "openai_key": "", "temperature": 0}},
        {"llm_config": {"model": "m", "max_tokens": 8000.0}},
        {"timeout": None},
        {"timeout": 3600},
        {"goal": "x" * 10_000},
        {"goal": "Преведи 😀 \u2028 \u0085"},
    ],
    ids=lambda more: json.dumps(more)[:50],
)
def test_what_is_accepted(url: str, more: Any) -> None:
    response = requests.post(f"{url}/stream/workflow/generate", json=generation() | more)
    assert response.status_code == 200, response.text


def test_unknown_keys_are_recorded_as_ignored(url: str) -> None:
    config = {"model": "demo", "response_format": {"type": "text"}, "top_k": 4}
    body = {"goal": "Count", "llm_config": config, "colour": "red", "stream": True}
    task = requests.post(f"{url}/stream/workflow/generate", json=body).json()["task_id"]
    submitted = Event.objects.get(task_id=task, kind=Kind.TASK_SUBMITTED)
    assert submitted.data["ignored"] == ["colour", "llm_config.response_format", "llm_config.top_k", "stream"]


def test_of_two_equal_keys_the_last_counts(url: str) -> None:
    body = b'{"goal": "Count the first", "goal": "Count the second"}'
    task = requests.post(f"{url}/stream/workflow/generate", data=body, headers=JSON).json()["task_id"]
    assert Task.objects.get(pk=task).goal == "Count the second"


@pytest.mark.parametrize("accept", ["text/event-stream", "text/html", "image/png", "application/json;q=0"])
def test_the_accept_header_refuses_nothing(url: str, accept: str) -> None:
    """Clients ask for an event stream when they start one."""
    response = requests.post(f"{url}/stream/workflow/generate", json=generation(), headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
