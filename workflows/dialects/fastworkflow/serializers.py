"""What requests of this dialect hold."""

import json
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.http.fields import StringField, TimeoutField, TrueOrFalseField, WholeNumberField

MAX_QUERY: Final = 10_000
MAX_CONTEXT: Final = 20_000
MAX_CONVERSATIONS: Final = 100
TIMEOUT_S: Final = 60.0
MAX_NUMBER: Final = 2**31 - 1


class UserSerializer(serializers.Serializer[Any]):
    """Whose request it is. Without a `user_id` it is the authenticated user's."""

    user_id = StringField(required=False, max_length=200, help_text="A name within your group.")


class QueryField(StringField):
    """What a user says; a slash before it does not count."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_QUERY, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data).lstrip("/").strip()
        if not text:
            self.fail("blank")
        return text


class ContextField(serializers.DictField):
    def to_internal_value(self, data: Any) -> dict[Any, Any]:
        if len(json.dumps(data, ensure_ascii=False)) > MAX_CONTEXT:
            raise serializers.ValidationError(f"Must have at most {MAX_CONTEXT:,} characters.", code="too_long")
        return super().to_internal_value(data)


class InitializeSerializer(UserSerializer):
    """`POST /initialize`."""

    workflow_path = StringField(
        required=False,
        allow_null=True,
        max_length=500,
        help_text="The name or the id of an agent or a workflow of your group; without it `todo_list`. Of a path only "
        "the last part counts.",
    )
    context = ContextField(  # type: ignore[assignment]
        required=False, allow_null=True, help_text="Given to the model, and back in answers."
    )
    startup_command = QueryField(required=False, allow_null=True, help_text="The first turn of a new user.")
    show_agent_traces = TrueOrFalseField(required=False, allow_null=True)
    conversation_id = WholeNumberField(required=False, allow_null=True, min_value=1, max_value=MAX_NUMBER)


class InvokeSerializer(UserSerializer):
    """`POST /invoke_agent`, `/invoke_agent_stream`, `/invoke_assistant`."""

    user_query = QueryField()
    timeout_seconds = TimeoutField(default=TIMEOUT_S, allow_null=False)


class ActionSerializer(serializers.Serializer[Any]):
    default_error_messages = {"invalid": "Must be a JSON object."}

    command_name = StringField(max_length=200)
    parameters = serializers.DictField(default=dict)


class PerformSerializer(UserSerializer):
    """`POST /perform_action`."""

    action = ActionSerializer()
    timeout_seconds = TimeoutField(default=TIMEOUT_S, allow_null=False)


class ConversationsSerializer(UserSerializer):
    """`GET /conversations`."""

    limit = serializers.IntegerField(default=50, min_value=1, max_value=MAX_CONVERSATIONS)


class ActivateSerializer(UserSerializer):
    """`POST /activate_conversation`."""

    conversation_id = WholeNumberField(min_value=1, max_value=MAX_NUMBER)


@extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "number"}]})
class ScoreField(serializers.Field[Any, Any, Any, Any]):
    """A boolean, or a number in whatever the client counts."""

    def to_internal_value(self, data: Any) -> bool | float:
        if not isinstance(data, (bool, int, float)):
            raise serializers.ValidationError("Must be true, false or a number.", code="score_type")
        return data


class FeedbackSerializer(UserSerializer):
    """`POST /post_feedback`."""

    binary_or_numeric_score = ScoreField(required=False, allow_null=True)
    nl_feedback = StringField(required=False, allow_null=True, allow_blank=True, max_length=MAX_QUERY)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("binary_or_numeric_score") is None and not attrs.get("nl_feedback"):
            said = "Give a binary_or_numeric_score, an nl_feedback, or both."
            raise serializers.ValidationError({"nl_feedback": said}, code="required")
        return attrs


class FollowSerializer(serializers.Serializer[Any]):
    """Which turn is followed."""

    task_id = serializers.CharField(max_length=100, help_text="From `X-Task-Id` of the `POST`.")
