"""Teams, as administrators make them."""

from typing import Final, Self

from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from sessions.callers import Caller
from workflows.engine.teams.definition import TeamDefinition, participant
from workflows.models.fields import OrderedJSONField

BUSINESS_INSIGHTS: Final = "business-insights"
"""The team that comes with the server, and answers where no other is asked for."""
TEAM_NAME: Final = r"^[a-z0-9][a-z0-9-]{0,99}\Z"


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, caller: Caller) -> Self:
        """The active ones that the caller may ask."""
        return self.filter(models.Q(group=None) | models.Q(group=caller.group_id), is_active=True)


class Team(models.Model):
    """A team by its name. A task holds the whole definition that it runs, so an edit changes nothing under way."""

    name = models.CharField(
        max_length=100,
        unique=True,
        validators=[RegexValidator(TEAM_NAME, "Small letters, digits and -; requests name it by ?team=.")],
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    """Who may ask it; null: every group."""
    planner = models.CharField(max_length=64)
    participants = OrderedJSONField()
    """`{name, description, instructions, tools}` each, the planner among them."""
    planner_returns = models.BooleanField(default=True)
    may_repeat = models.BooleanField(default=False)
    selector_instructions = models.TextField(blank=True, default="")
    termination = models.CharField(max_length=100, blank=True, default="TERMINATE")
    max_messages = models.IntegerField(default=40, validators=[MinValueValidator(2), MaxValueValidator(200)])
    time_limit_s = models.FloatField(default=240.0, validators=[MinValueValidator(1), MaxValueValidator(3_600)])
    model = models.CharField(max_length=200, blank=True, default="")
    """Empty: the server's."""
    is_active = models.BooleanField(default=True)
    revision = models.IntegerField(default=1)
    """Counts its edits; a task says which one it ran."""
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = TeamQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def definition(self) -> TeamDefinition:
        return TeamDefinition(
            name=self.name,
            planner=self.planner,
            participants=tuple(map(participant, self.participants)),
            planner_returns=self.planner_returns,
            may_repeat=self.may_repeat,
            selector_instructions=self.selector_instructions,
            termination=self.termination,
            max_messages=self.max_messages,
        )
