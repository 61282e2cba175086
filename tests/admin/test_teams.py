"""Teams in the admin."""

import json
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.admin.asking import list_url, page_url, text_of
from tests.factories import make_team
from workflows.models import BUSINESS_INSIGHTS, Team

PARTICIPANTS = [
    {"name": "Boss", "description": "Plans.", "instructions": "Plan.", "tools": []},
    {"name": "Ann", "description": "Finds.", "instructions": "Find.", "tools": ["calculator"]},
]


def fields(**changes: Any) -> dict[str, Any]:
    known = {"planner": "Boss", "participants": json.dumps(PARTICIPANTS), "termination": "TERMINATE"}
    return {**known, "max_messages": 40, "time_limit_s": 240, "planner_returns": "on", "is_active": "on", **changes}


def test_a_team_is_made_edited_and_deleted(client: Client) -> None:
    client.post(reverse("admin:workflows_team_add"), fields(name="finders"))
    team = Team.objects.get(name="finders")
    assert (team.participants, team.revision, team.group) == (PARTICIPANTS, 1, None)
    client.post(page_url(team), fields(name="finders", max_messages=10))
    team.refresh_from_db()
    assert (team.max_messages, team.revision) == (10, 2)
    client.post(reverse("admin:workflows_team_delete", args=[team.pk]), {"post": "yes"})
    assert not Team.objects.filter(pk=team.pk).exists()


def test_what_is_no_team_is_said_at_its_field(client: Client) -> None:
    team = make_team()
    page = text_of(client.post(page_url(team), fields(name=team.name, planner="Carl")))
    assert "The planner has to be one of the participants, and &#x27;Carl&#x27; is none." in page
    bad = json.dumps([{**PARTICIPANTS[0], "tools": ["calculator"]}, {"name": "Ann"}])
    page = text_of(client.post(page_url(team), fields(name="Two Words", participants=bad, max_messages=1)))
    for sentence in (
        "uses no tools",
        "Participant 2 needs instructions",
        "Small letters, digits",
        "greater than or equal",
    ):
        assert sentence in page
    team.refresh_from_db()
    assert team.revision == 1


def test_the_team_that_ships_is_listed(client: Client) -> None:
    assert BUSINESS_INSIGHTS in text_of(client.get(list_url(Team)))
