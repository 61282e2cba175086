"""The fields in which people answer questions, on the dashboard and in the admin."""

import json
from typing import Any

from django import forms

from workflows.engine.questions import MAX_REASON_CHARS, MAX_VALUE_CHARS


def arguments_field(arguments: Any) -> forms.JSONField:
    """Those that are asked about, to be edited."""
    lines = min(json.dumps(arguments, indent=2).count("\n") + 1, 20)
    return forms.JSONField(
        required=False,
        initial=arguments,
        label="Arguments",
        help_text="As JSON. What stands here is taken.",
        encoder=_Readable,
        widget=forms.Textarea(attrs={"rows": lines, "spellcheck": "false", "class": "json"}),
    )


def reason_field() -> forms.CharField:
    """Why somebody rejects."""
    return forms.CharField(
        required=False,
        max_length=MAX_REASON_CHARS,
        label="Reason",
        help_text="The agent reads it if you reject.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class _Readable(json.JSONEncoder):
    """In lines, as people read and edit it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2, "ensure_ascii": False})


def value_field(choices: list[str] | None) -> forms.Field:
    """What is asked for: one of the choices, if there are some, or a text."""
    if choices:
        return forms.ChoiceField(
            choices=[(choice, choice) for choice in choices], label="Answer", widget=forms.RadioSelect
        )
    return forms.CharField(max_length=MAX_VALUE_CHARS, label="Answer", widget=forms.Textarea(attrs={"rows": 2}))
