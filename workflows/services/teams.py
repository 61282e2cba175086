"""Teams: made, edited, deleted."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from workflows.engine.teams.definition import participant_problems
from workflows.exceptions import Invalid, Problem
from workflows.models import Team

EDITED = (
    "name", "group", "planner", "participants", "planner_returns", "may_repeat", "selector_instructions", "termination",
    "max_messages", "time_limit_s", "model", "is_active",
)  # fmt: skip


@transaction.atomic
def save_team(team: Team) -> None:
    """Make a team, or edit it. A task that is under way goes on with the team as it was. Raises Invalid."""
    check_team(team)
    team.updated_at = timezone.now()
    if team._state.adding:
        team.save(force_insert=True)
        return
    team.save(update_fields=[*EDITED, "updated_at"])
    Team.objects.filter(pk=team.pk).update(revision=F("revision") + 1)


def check_team(team: Team) -> None:
    """Raises Invalid for participants that make no team."""
    problems = list(participant_problems(team.participants, team.planner))
    if problems:
        raise Invalid([Problem(loc=["participants"], msg=problem, type="value_error") for problem in problems])


def delete_team(team: Team) -> None:
    """What it was asked stays, as tasks."""
    team.delete()
