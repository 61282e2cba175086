"""An operator makes, edits and deletes agents, through the services."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from sessions.callers import Caller
from tests.admin.asking import act, list_url, page_url, text_of
from tests.admin.conftest import allow
from workflows.models import Agent

ADD = f"{list_url(Agent)}add/"
GIVEN: dict[str, Any] = {
    "name": "Clerk",
    "instructions": "Count what you are asked to count.",
    "tools": ["calculator", "date_time"],
    "confirmed_tools": ["date_time"],
    "planning": "on",
}


def test_an_agent_is_made_edited_and_deleted(client: Client, caller: Caller) -> None:
    page = text_of(client.get(ADD))
    assert 'value="calculator"' in page
    refused = client.post(ADD, {**GIVEN, "group": caller.group.pk, "tools": ["nothing"], "instructions": ""})
    assert "This field is required" in text_of(refused)

    client.post(ADD, {**GIVEN, "group": caller.group.pk})
    clerk = Agent.objects.get(name="Clerk", group=caller.group_id)
    definition = clerk.newest.definition
    assert definition["instructions"] == GIVEN["instructions"]
    assert (definition["model"], definition["planning"], definition["enable_streaming"]) == (None, True, False)
    tools = {
        tool["tool_name"]: tool["requires_user_confirmation"] for tool in definition["tools_config"]["builtin_tools"]
    }
    assert tools == {"calculator": False, "date_time": True}

    shown = text_of(client.get(page_url(clerk)))
    assert GIVEN["instructions"] in shown
    edited = {**GIVEN, "name": "Accountant", "agents": [str(clerk.pk)]}
    assert "Select a valid choice" in text_of(client.post(page_url(clerk), edited)), "it cannot ask itself"
    first = Agent.objects.get(group=caller.group_id, owner=None)
    client.post(page_url(clerk), {**GIVEN, "name": "Accountant", "agents": [str(first.pk)], "budget_usd": "2.5"})
    clerk.refresh_from_db()
    assert (clerk.name, clerk.last_version) == ("Accountant", 2)
    assert clerk.newest.definition["tools_config"]["agents"] == [{"agent_id": str(first.pk)}]
    assert clerk.newest.definition["budget_usd"] == 2.5

    assert "Conversations stay" in text_of(act(client, clerk, "take_away", confirmed=False))
    act(client, clerk, "take_away")
    clerk.refresh_from_db()
    assert clerk.deleted_at
    assert 'name="_save"' not in text_of(client.get(page_url(clerk)))


def test_who_may_only_look_changes_nothing(staff: User, caller: Caller) -> None:
    agent = Agent.objects.get(group=caller.group_id, owner=None)
    client = allow(staff, "view_agent", "view_agentversion")
    assert 'name="_save"' not in text_of(client.get(page_url(agent)))
    assert client.post(page_url(agent), GIVEN).status_code == 403
    assert client.get(ADD).status_code == 403
