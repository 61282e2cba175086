"""Servers that administrators register, with the real worker, from the admin to an agent's answer."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client

from sessions.callers import Caller
from tests.admin.conftest import allow, client_of
from tests.dialects.agentarea import frames, make_agent, run
from tests.mcp.conftest import WAREHOUSE
from tests.stack import Stack
from tests.streaming.sse import read_stream
from tests.worker.test_executing import data_of, ended, execute
from tests.worker.test_tools import with_tools
from workflows import services
from workflows.events import Kind
from workflows.exceptions import Invalid, NotAllowed
from workflows.models import McpServer, Status

ADD = "/admin/workflows/mcpserver/add/"


@pytest.fixture
def root_user(database: None) -> User:
    user, _ = User.objects.get_or_create(username="mcp-root", is_staff=True, is_superuser=True)
    return user


@pytest.fixture(autouse=True)
def no_servers(database: None) -> Iterator[None]:
    yield
    McpServer.objects.all().delete()


def form(**more: Any) -> dict[str, Any]:
    return {"name": "shop", "transport": "stdio", "command": sys.executable, "args": f'["{WAREHOUSE}"]',
            "timeout_s": "30", "is_active": "on", "env": "SHOP_KEY=canary-env", "headers": "", **more}  # fmt: skip


def checked(name: str, is_checked: Callable[[McpServer], Any]) -> McpServer:
    deadline = time.monotonic() + 30
    while not is_checked(row := McpServer.objects.get(name=name)):
        assert time.monotonic() < deadline, (row.failure, row.listed_at)
        time.sleep(0.1)
    return row


def test_three_tools_and_an_mcp_server_from_the_admin_to_the_answer(
    stack: Stack, caller: Caller, root_user: User
) -> None:
    page = client_of(root_user).post(ADD, form())
    assert page.status_code == 302, page.content.decode()[:3000]
    row = checked("shop", lambda row: row.listed_at)
    assert row.health == "ok"
    assert b"canary" not in bytes(row.env or b"")
    shown = client_of(root_user).get(f"/admin/workflows/mcpserver/{row.pk}/change/").content.decode()
    assert "shop__in_stock" in shown
    assert "canary" not in shown
    graph = with_tools("calculator", "text_statistics", "file_list", "shop__articles")
    graph["goal"] = "What is 17 * 23? Use text_statistics, file_list and shop__articles"
    task = ended(execute(caller, graph))
    assert task.status == Status.COMPLETED, task.error
    done = {data["tool"]: data for data in data_of(task, Kind.TOOL_COMPLETED)}
    assert done["shop__articles"]["ok"], done
    assert '"apples": 120' in done["shop__articles"]["result"]
    assert "391" in str(task.result["outputs"])
    streamed = read_stream(f"{stack.url}/api/v1/tasks/{task.pk}/events/stream")
    assert "shop__articles" in {m.data["data"].get("tool") for m in streamed if m.event == Kind.TOOL_COMPLETED}
    offered = {tool["name"]: tool for tool in requests.get(f"{stack.url}/api/v1/tools").json()["tools"]}
    assert offered["shop__articles"]["source"] == "mcp"
    assert offered["shop__articles"]["server"] == {"name": "shop", "health": "ok"}
    assert offered["calculator"]["source"] == "built_in"


def test_another_groups_server_is_not_there(
    stack: Stack, stranger: Caller, stranger_token: str, root_user: User, caller: Caller
) -> None:
    row = McpServer(name="theirs", group=stranger.group, transport="stdio", command=sys.executable, args=[WAREHOUSE])
    services.save_mcp_server(root_user, row)
    checked("theirs", lambda row: row.listed_at)

    def names(**headers: str) -> set[str]:
        answer = requests.get(f"{stack.url}/api/v1/tools", headers=headers).json()
        return {tool["name"] for tool in answer["tools"]}

    assert "theirs__articles" not in names()
    assert "theirs__articles" in names(Authorization=f"Bearer {stranger_token}")
    refused = requests.post(
        f"{stack.url}/stream/workflow/execute", json={"workflow_graph": with_tools("theirs__articles")}
    )
    assert refused.status_code == 422
    assert ended(execute(caller, with_tools("theirs__articles"))).status == Status.COMPLETED, "its agent is told"


def test_a_failing_server_says_so_until_it_is_back(stack: Stack, root_user: User) -> None:
    row = McpServer(name="gone", transport="http", url="http://127.0.0.1:1/mcp")
    services.save_mcp_server(root_user, row, headers={"Authorization": "canary"})
    row = checked("gone", lambda row: row.failing_since)
    assert row.failure == "The server could not be reached, or broke off."
    client = client_of(root_user)
    McpServer.objects.filter(pk=row.pk).update(failing_since=None)
    asked = {"action": "test", "_selected_action": [row.pk], "confirmed": "yes"}
    assert client.post("/admin/workflows/mcpserver/", asked).status_code == 302
    checked("gone", lambda row: row.failing_since)


def test_commands_are_for_superusers_only(staff: User, root_user: User, caller: Caller) -> None:
    client: Client = allow(staff, "add_mcpserver", "change_mcpserver", "delete_mcpserver", "view_mcpserver")
    user = User.objects.get(pk=staff.pk)
    page = client.post(ADD, form())
    assert page.status_code == 200
    assert "Only a superuser may register a command" in page.content.decode()
    row = McpServer(name="shop", transport="stdio", command="sh")
    with pytest.raises(NotAllowed, match="Only a superuser"):
        services.save_mcp_server(user, row)
    services.save_mcp_server(root_user, row)
    path = f"/admin/workflows/mcpserver/{row.pk}"
    http = form(transport="http", command="", args="[]", url="https://mcp.example/", env="")
    assert client.post(f"{path}/change/", http).status_code == 403
    assert client.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    client.post("/admin/workflows/mcpserver/", {"action": "delete_selected", "_selected_action": [row.pk], "post": "1"})
    row.refresh_from_db()
    assert (row.transport, row.command) == ("stdio", "sh")
    row.transport, row.command, row.url = "http", "", "https://mcp.example/"
    with pytest.raises(NotAllowed):
        services.save_mcp_server(user, row)
    assert client.post(ADD, {**http, "name": "web"}).status_code == 302
    with pytest.raises(Invalid, match="no command"):
        services.save_mcp_server(root_user, McpServer(name="x", transport="http", url="https://x", command="sh"))


def test_an_agent_has_the_tools_of_its_groups_servers(stack: Stack, root_user: User) -> None:
    client_of(root_user).post(ADD, form())
    checked("shop", lambda row: row.listed_at)
    api = f"{stack.url}/api/v1"
    unknown = {"mcp_server_configs": [{"mcp_server_id": "shop", "allowed_tools": [{"tool_name": "steal"}]}]}
    body = {"name": "Clerk", "instruction": "Sell.", "model_id": "demo", "tools_config": unknown}
    refused = requests.post(f"{api}/agents", json=body)
    assert (refused.status_code, "has no tool 'steal'" in refused.json()["detail"]) == (400, True)
    given = {"mcp_server_configs": [{"mcp_server_id": "shop", "allowed_tools": [{"tool_name": "articles"}]}]}
    agent = make_agent(api, tools_config=given)
    told = frames(run(agent, "Use shop__articles and shop__in_stock"))
    called = [frame.data for frame in told if frame.event == "WorkflowToolCallCompleted"]
    assert [call["tool_name"] for call in called] == ["shop__articles", "completion"]
    assert '"apples": 120' in called[0]["result"]
