"""What this dialect's requests hold."""

from typing import Any, Final

from rest_framework import serializers

from workflows.http.fields import StringField
from workflows.models import BUSINESS_INSIGHTS

MAX_QUESTION: Final = 10_000


class AskSerializer(serializers.Serializer[Any]):
    """`POST /ask-stream`."""

    question = StringField(max_length=MAX_QUESTION)


class TeamSerializer(serializers.Serializer[Any]):
    """Which team is asked."""

    team = serializers.CharField(
        default=BUSINESS_INSIGHTS, max_length=100, help_text=f"The name of a team; `{BUSINESS_INSIGHTS}` by default."
    )


class ReplaySerializer(serializers.Serializer[Any]):
    """Which question is followed."""

    task_id = serializers.CharField(max_length=100, help_text="From `X-Task-Id` of the `POST`.")
