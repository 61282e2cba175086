"""The AgentArea API as tests use it."""

from typing import Any

import requests

from tests.http.asking import wait_for_status
from tests.streaming.sse import Message, read_stream
from workflows.models import Status

SUM = "What is (17 + 4) * 2?"
CALCULATES = {"builtin_tools": [{"tool_name": "calculator"}]}


def make_agent(api: str, **body: Any) -> str:
    """The address of a new agent."""
    asked = {"name": "Expert", "instruction": "Be right.", "model_id": "gpt-4", "tools_config": CALCULATES, **body}
    response = requests.post(f"{api}/agents", json=asked, timeout=60)
    assert response.status_code == 200, response.text
    return f"{api}/agents/{response.json()['id']}"


def start(agent: str, description: str = SUM, *, model: str | None = None, **body: Any) -> tuple[str, str]:
    """The address of a new task, and the id of its turn."""
    parameters = {"enable_streaming": True, **({"model": model} if model else {}), **body.pop("parameters", {})}
    asked = {"description": description, "parameters": parameters, **body}
    response = requests.post(f"{agent}/tasks", json=asked, timeout=60)
    assert response.status_code == 200, response.text
    assert response.json()["execution_id"] == response.headers["X-Task-Id"]
    return f"{agent}/tasks/{response.json()['id']}", response.headers["X-Task-Id"]


def run(agent: str, description: str = SUM, **body: Any) -> str:
    """The address of a task that has completed."""
    task, turn = start(agent, description, **body)
    wait_for_status(turn, Status.COMPLETED)
    return task


def frames(task: str, query: str = "", last_event_id: str | None = None) -> list[Message]:
    """The frames of the task's stream to its end, without the greeting."""
    greeting, *rest = read_stream(f"{task}/events/stream{query}", last_event_id)
    assert (greeting.event, greeting.id) == ("connected", None)
    return [frame for frame in rest if frame.event != "heartbeat"]


def names(told: list[Message]) -> list[str]:
    return [frame.event for frame in told]
