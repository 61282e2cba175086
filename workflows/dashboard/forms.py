"""What people type in: filters in the address, a new goal, a key for running again."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings

from workflows.engine.graphs.executable import GOAL
from workflows.engine.questions import Answer
from workflows.exceptions import Invalid
from workflows.http.answering import arguments_field, reason_field, value_field
from workflows.models import Question, Status

ANY, UNFINISHED = "", "unfinished"
INPUT = "input-"
"""What the names of fields for a workflow's inputs begin with."""

MAX_GOAL = 10_000


class FilterForm(forms.Form):
    """The query of the list of tasks."""

    status = forms.ChoiceField(
        required=False,
        choices=[(ANY, "All tasks"), (UNFINISHED, "Not ended"), *Status.choices],
    )
    q = forms.CharField(
        required=False,
        max_length=200,
        label="Words",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Words of the goal"}),
    )
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)


class BeforeForm(forms.Form):
    """The place on a list of pages."""

    before = forms.UUIDField(required=False)


class GoalForm(forms.Form):
    """A new task."""

    goal = forms.CharField(
        max_length=MAX_GOAL,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "What should the workflow reach?"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"] = _model_field()
        self.fields["timeout"] = _timeout_field()

    def clean_goal(self) -> str:
        goal: str = self.cleaned_data["goal"]
        # Zero-width characters alone are no goal.
        if not any(character.isprintable() and not character.isspace() for character in goal):
            raise forms.ValidationError("Write what the workflow should reach.")
        return goal


class MessageForm(forms.Form):
    """What an agent is asked."""

    message = forms.CharField(max_length=MAX_GOAL, widget=forms.Textarea(attrs={"rows": 2}))


class ExecuteForm(forms.Form):
    """A workflow's inputs, as texts: what a text spells out exactly is taken for it. And how it is to be run."""

    def __init__(self, graph: Mapping[str, Any] | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self._names = [parameter["name"] for parameter in graph["workflow_inputs"]] if graph else []
        for parameter in graph["workflow_inputs"] if graph else []:
            name, type_ = parameter["name"], parameter["type"]
            self.fields[INPUT + name] = forms.CharField(
                required=False,
                strip=False,
                initial=graph["goal"] if graph and name == GOAL else "",
                label=name.replace("_", " "),
                help_text=f"{parameter['description']} ({type_ if parameter['required'] else f'{type_}, optional'})",
                widget=forms.Textarea(attrs={"rows": 2}),
            )
        self.fields["model"] = _model_field()
        self.fields["timeout"] = _timeout_field()

    @property
    def inputs(self) -> dict[str, str]:
        """Those that were filled in, by name."""
        given = {name: self.cleaned_data[INPUT + name] for name in self._names}
        return {name: text for name, text in given.items() if text.strip()}

    def refuse(self, invalid: Invalid) -> None:
        """Show each problem at its field, or above all of them."""
        for problem in invalid.problems:
            field = INPUT + str(problem["loc"][-1])
            self.add_error(field if field in self.fields else None, problem["msg"])


class RerunForm(forms.Form):
    """Which nodes are to run again, and the caller's model key for a task that ran with one."""

    node = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    openai_key = forms.CharField(
        required=False,
        max_length=1000,
        label="Your model key",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


def _model_field() -> forms.CharField:
    placeholder = forms.TextInput(attrs={"placeholder": settings.OPENAI_MODEL})
    return forms.CharField(required=False, max_length=200, widget=placeholder)


def _timeout_field() -> forms.FloatField:
    return forms.FloatField(
        required=False,
        min_value=1,
        max_value=settings.TASK_TIMEOUT_MAX_SECONDS,
        label="Time limit",
        widget=forms.NumberInput(attrs={"step": 1, "placeholder": f"{settings.TASK_TIMEOUT_SECONDS} s"}),
    )


class AnswerForm(forms.Form):
    """What a person answers to a question: a decision with arguments and a reason, or a value."""

    def __init__(self, question: Question, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="", auto_id=f"id_{question.pk}_%s")
        self._is_approval = question.kind == Question.Kind.APPROVAL
        self._decision = (data or {}).get("decision")
        self._arguments = question.details["arguments"]
        if self._is_approval:
            self.fields["arguments"] = arguments_field(self._arguments)
            self.fields["reason"] = reason_field()
        else:
            self.fields["value"] = value_field(question.details["schema"].get("enum"))

    @property
    def shown_arguments(self) -> str:
        return json.dumps(self._arguments, ensure_ascii=False, indent=2)

    @property
    def answer(self) -> Answer:
        """Of a valid form."""
        asked = self.cleaned_data
        if not self._is_approval:
            return Answer(value=asked["value"])
        if self._decision != "approve":
            return Answer(reason=asked["reason"])
        return Answer(True, arguments=None if asked["arguments"] == self._arguments else asked["arguments"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        known = ("approve", "reject") if self._is_approval else ("answer",)
        if self._decision not in known:
            raise forms.ValidationError(f"Press {' or '.join(word.capitalize() for word in known)}.")
        return cleaned

    def refuse(self, invalid: Invalid) -> None:
        """Show each problem at its field."""
        for problem in invalid.problems:
            self.add_error("arguments" if self._is_approval else "value", problem["msg"])
