"""A request's own MCP servers, through the EvoAgentX dialect."""

import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User

from sessions.callers import Caller
from tests.mcp.conftest import WAREHOUSE, open_warehouse
from tests.sessions.test_keys import all_of_redis, rows_with
from tests.stack import Stack
from tests.streaming.sse import read_stream
from tests.worker.test_executing import data_of, ended
from tests.worker.test_tools import with_tools
from workflows import services
from workflows.events import Kind
from workflows.models import McpServer, Status, Task


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with open_warehouse() as port:
        yield f"http://localhost:{port}/mcp"


def config(**servers: Any) -> dict[str, Any]:
    return {"mcp_config": {"mcpServers": servers}}


def execution(*tools: str, **servers: Any) -> dict[str, Any]:
    graph = with_tools(*tools)
    graph["goal"] = f"Use {' and '.join(tools)}"
    return {"workflow_graph": graph, **config(**servers)}


def started(url: str, body: dict[str, Any], path: str = "/stream/workflow/execute") -> Task:
    answer = requests.post(url + path, json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return Task.objects.get(pk=answer.json()["task_id"])


def test_its_tools_are_used_and_its_headers_are_kept_secret(stack: Stack, url: str, shop: str) -> None:
    canary = f"canary-{uuid.uuid4().hex}"
    with all_of_redis() as in_redis:
        server = {"url": shop, "headers": {"X-Key": canary}}
        task = ended(started(url, execution("own__articles", "calculator", own=server)))
        streams = [
            requests.get(f"{url}{path}", timeout=60).text
            for path in (f"/stream/{task.pk}", f"/api/v1/tasks/{task.pk}/events/stream", f"/api/v1/tasks/{task.pk}")
        ]
    assert task.status == Status.COMPLETED, task.error
    (listed,) = data_of(task, Kind.MCP_LISTED)
    assert (listed["server"], listed["ok"], listed["total"]) == ("own", True, 4)
    (called,) = [data for data in data_of(task, Kind.TOOL_COMPLETED) if data["tool"] == "own__articles"]
    assert called["ok"], called
    assert '"apples"' in called["result"]
    assert task.secrets is None
    assert rows_with(canary) == {}
    assert not any(canary in said for said in (*streams, *in_redis))
    assert not any(canary in process.log.read_text() for process in stack.processes)
    again = f"{url}/api/v1/tasks/{task.pk}/rerun"
    refused = requests.post(again, json={})
    assert refused.status_code == 409
    assert "headers of yours to the MCP servers own" in refused.json()["detail"]
    answer = requests.post(again, json=config(own=server))
    assert answer.status_code == 201, answer.text
    assert ended(Task.objects.get(pk=answer.headers["X-Task-Id"])).status == Status.COMPLETED


def test_one_that_is_down_is_told_to_the_agent_and_to_the_stream(url: str, shop: str) -> None:
    task = ended(started(url, execution("down__look", down={"url": "http://localhost:1/mcp"})))
    assert task.status == Status.COMPLETED, task.error
    (listed,) = data_of(task, Kind.MCP_LISTED)
    assert not listed["ok"]
    (called,) = data_of(task, Kind.TOOL_COMPLETED)
    assert called["error"].startswith("The MCP server down cannot be used: The server could not be reached")
    updates = read_stream(f"{url}/stream/{task.pk}")
    assert "The MCP server down cannot be used" in {m.data.get("current_state") for m in updates}
    events = read_stream(f"{url}/api/v1/tasks/{task.pk}/events/stream")
    assert Kind.MCP_LISTED in {message.event for message in events}


@pytest.mark.parametrize("path", ["/stream/workflow/generate", "/stream/workflow/run"])
def test_generations_and_runs_take_them_too(url: str, shop: str, path: str) -> None:
    task = ended(started(url, {"goal": "Count with own__articles", **config(own={"url": shop})}, path))
    assert task.status == Status.COMPLETED, task.error
    assert data_of(task, Kind.MCP_LISTED)[0]["ok"]


@pytest.mark.parametrize(
    ("server", "field", "said"),
    [
        ({"url": "https://elsewhere.example/mcp"}, ("own", "url"), "are not allowed on this server"),
        ({"url": "http://10.0.0.1/mcp"}, ("own", "url"), "are not allowed"),
        ({"url": "http://localhost.evil.example/mcp"}, ("own", "url"), "are not allowed"),
        ({"url": "http://localhost@evil.example/mcp"}, ("own", "url"), "a name or a password"),
        ({"url": "file://localhost/etc/passwd"}, ("own", "url"), "http:// or https://"),
        ({"url": "http://localhost:99999/"}, ("own", "url"), "http:// or https://"),
        ({"url": "http://localhost/" + "x" * 3000}, ("own", "url"), "At most 2,000"),
        ({"url": "http://localhost/", "headers": 5}, ("own", "headers"), "JSON object"),
        ({"url": "http://localhost/", "headers": {"Host": "x"}}, ("own", "headers"), "One of the names"),
        ({"url": "http://localhost/", "headers": {"A": "canary\r\nB: c"}}, ("own", "headers"), "A header's value"),
        ({"url": "http://localhost/", "headers": {"A": "c" * 5000}}, ("own", "headers"), "A header's value"),
        ({"command": sys.executable, "args": [WAREHOUSE]}, ("own", "command"), "would run on the server"),
    ],
)
def test_what_is_not_allowed_is_refused_at_its_field(url: str, server: Any, field: tuple[str, ...], said: str) -> None:
    answer = requests.post(f"{url}/workflow/generate", json={"goal": "Count", **config(own=server)})
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert problem["loc"] == ["body", "mcp_config", "mcpServers", *field]
    assert said in problem["msg"]
    assert "canary" not in answer.text


def test_names_and_numbers_are_bounded(url: str) -> None:
    for name in ("a__b", "a_", "", "x" * 31, "a b"):
        body = {"goal": "Count", **config(**{name: {"url": "http://localhost/"}})}
        assert requests.post(f"{url}/workflow/generate", json=body).status_code == 422, name
    many = {f"s{n}": {"url": "http://localhost/"} for n in range(11)}
    answer = requests.post(f"{url}/workflow/generate", json={"goal": "Count", **config(**many)})
    assert "At most 10 servers" in answer.text


def test_a_command_may_only_name_what_is_registered(url: str, caller: Caller, stranger: Caller) -> None:
    root, _ = User.objects.get_or_create(username="mcp-root", is_staff=True, is_superuser=True)
    command = {"command": sys.executable, "args": [WAREHOUSE]}
    rows = [
        McpServer(name=name, group=group, transport="stdio", **command)
        for name, group in (("ours", caller.group), ("theirs", stranger.group))
    ]
    for row in rows:
        services.save_mcp_server(root, row)
    try:
        started(url, {"goal": "Count", **config(ours=command)}, "/stream/workflow/generate")
        for name, server in (
            ("theirs", command),
            ("ours", {**command, "args": ["-c", "import os"]}),
            ("ours", {**command, "env": {"PYTHONPATH": "/tmp"}}),
            ("ours", {**command, "url": "http://localhost/"}),
            ("ours", {"url": "http://localhost/"}),
            ("other", command),
        ):
            body = {"goal": "Count", **config(**{name: server})}
            assert requests.post(f"{url}/workflow/generate", json=body).status_code == 422, (name, server)
    finally:
        for row in rows:
            row.delete()
