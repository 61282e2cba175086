"""What people type in: filters in the address, a new goal, a key for running again."""

from typing import Any

from django import forms
from django.conf import settings

from workflows.models import Status

ANY, UNFINISHED = "", "unfinished"

MAX_GOAL = 10_000


class FilterForm(forms.Form):
    """The query of the list of tasks."""

    status = forms.ChoiceField(
        required=False,
        choices=[(ANY, "All tasks"), (UNFINISHED, "Queued or running"), *Status.choices],
    )
    q = forms.CharField(
        required=False,
        max_length=200,
        label="Words",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Words of the goal"}),
    )
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)


class GoalForm(forms.Form):
    """A new task."""

    goal = forms.CharField(
        max_length=MAX_GOAL,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "What should the workflow reach?"}),
    )
    model = forms.CharField(required=False, max_length=200)
    timeout = forms.FloatField(
        required=False,
        min_value=1,
        max_value=settings.TASK_TIMEOUT_MAX_SECONDS,
        label="Time limit",
        widget=forms.NumberInput(attrs={"step": 1}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].widget.attrs["placeholder"] = settings.OPENAI_MODEL
        self.fields["timeout"].widget.attrs["placeholder"] = f"{settings.TASK_TIMEOUT_SECONDS} s"

    def clean_goal(self) -> str:
        goal: str = self.cleaned_data["goal"]
        # Zero-width characters alone are no goal.
        if not any(character.isprintable() and not character.isspace() for character in goal):
            raise forms.ValidationError("Write what the workflow should reach.")
        return goal


class RerunForm(forms.Form):
    """The caller's model key again, for a task that ran with one."""

    openai_key = forms.CharField(
        required=False,
        max_length=1000,
        label="Your model key",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
