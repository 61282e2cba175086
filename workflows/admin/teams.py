"""Teams: their participants, and the rules by which they speak."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from workflows import services
from workflows.engine.teams.definition import SHAPE, participant_problems
from workflows.models import Team
from workflows.services.teams import EDITED


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = Team
        fields = EDITED
        widgets = {"participants": forms.Textarea(attrs={"rows": 30, "cols": 110})}
        help_texts = {
            "name": "Requests ask it by this name: /ask-stream?team=…",
            "group": "Who may ask it. Empty: every group.",
            "planner": "The participant that speaks first, hands out tasks and ends the work.",
            "participants": f"{SHAPE} Tools are those of /api/v1/tools and business_query.",
            "planner_returns": "Whether the planner speaks again after each other participant.",
            "may_repeat": "Whether the model may select who has just spoken.",
            "selector_instructions": "Added to what the model is told that selects the next speaker.",
            "termination": "The work is over once the planner writes this. Empty: only the number of messages ends it.",
            "max_messages": "The question counts.",
            "time_limit_s": "Seconds for a question.",
            "model": "Empty: OPENAI_MODEL.",
        }

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "participants" in given:
            for problem in participant_problems(given["participants"], given.get("planner") or ""):
                self.add_error("participants", problem)
        return given


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    form = TeamForm
    list_display = ("name", "group", "planner", "number_of_participants", "is_active", "revision", "updated_at")
    list_filter = ("is_active", "group")
    list_select_related = ("group",)
    ordering = ("name",)
    readonly_fields = ("revision", "updated_at")

    def get_fields(self, request: HttpRequest, obj: Team | None = None) -> tuple[str, ...]:
        return EDITED if obj is None else (*EDITED, *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        services.save_team(obj)

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        services.delete_team(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Team]) -> None:
        for team in queryset:
            services.delete_team(team)

    @admin.display(description="participants")
    def number_of_participants(self, team: Team) -> int:
        return len(team.participants)
