"""What this dialect answers, for the API description."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from workflows.description.describe import Answer
from workflows.description.describe import Status as Code
from workflows.description.graph import ObjectField
from workflows.description.streams import Frames
from workflows.dialects.fastworkflow.frames import DIRECTIONS, ERROR, LINES, OUTPUT, RESET, TRACE
from workflows.models import Status


class ErrorSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="Such as `timeout`, `model_failed`.")
    message = serializers.CharField(help_text="A sentence.")
    status = serializers.IntegerField()


class FailedSerializer(serializers.Serializer[Any]):
    """A turn that did not come to its end."""

    detail = serializers.CharField()
    error = ErrorSerializer(required=False, help_text="What ended it.")


class UseFetchSerializer(serializers.Serializer[Any]):
    """Without a `task_id`."""

    detail = serializers.CharField(help_text="That a query is sent by POST.")


class CommandResponseSerializer(serializers.Serializer[Any]):
    response = serializers.CharField(allow_blank=True)
    success = serializers.BooleanField()
    artifacts = ObjectField(help_text="The values of a response that is a JSON object.")
    next_actions = serializers.ListField(child=serializers.CharField(), help_text="Always empty.")
    recommendations = serializers.ListField(child=serializers.CharField(), help_text="Always empty.")


class CommandOutputSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField(help_text="False too where something is missing, which the response asks for.")
    workflow_name = serializers.CharField()
    context = serializers.CharField(  # type: ignore[assignment]
        allow_blank=True, help_text="As `/initialize` was given it, as JSON; empty where there is none."
    )
    command_name = serializers.CharField(allow_blank=True, help_text="Empty where an agent answers.")
    command_parameters = serializers.CharField(allow_blank=True, help_text="As JSON; empty where there are none.")
    command_responses = CommandResponseSerializer(many=True, help_text="One.")
    started_at = serializers.IntegerField(help_text="Milliseconds since 1970.")
    duration_ms = serializers.IntegerField()


class TraceSerializer(serializers.Serializer[Any]):
    """What was called (`agent_to_workflow`), and what came of it (`workflow_to_agent`)."""

    direction = serializers.ChoiceField(DIRECTIONS)
    raw_command = serializers.CharField(allow_null=True)
    command_name = serializers.CharField(allow_null=True)
    parameters = ObjectField(allow_null=True)
    response_text = serializers.CharField(allow_null=True, allow_blank=True)
    success = serializers.BooleanField(allow_null=True)
    timestamp_ms = serializers.IntegerField()


class AnsweredSerializer(CommandOutputSerializer):
    """CommandOutput, and the traces of the turn."""

    traces = TraceSerializer(many=True, help_text="None without `show_agent_traces`.")


class ResetSerializer(serializers.Serializer[Any]):
    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(Status.values)
    result = ObjectField(allow_null=True)
    error = ErrorSerializer(allow_null=True)
    first_id = serializers.IntegerField()
    last_event_id = serializers.IntegerField()


class UserAnswerSerializer(serializers.Serializer[Any]):
    user_id = serializers.CharField()


class OkSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["ok"])


class ConversationSerializer(serializers.Serializer[Any]):
    conversation_id = serializers.IntegerField(min_value=1)
    topic = serializers.CharField(help_text="The beginning of the first query, until a model has written one.")
    summary = serializers.CharField(allow_blank=True)
    created_at = serializers.IntegerField(help_text="Milliseconds since 1970.")
    updated_at = serializers.IntegerField()


ENDINGS: Mapping[Code, Answer] = dict.fromkeys((402, 403, 409, 500, 502, 504), FailedSerializer)
"""How a turn fails, and what the call that waits for it answers."""

FRAMES = Frames(
    "FastworkflowFrame",
    {TRACE: TraceSerializer, OUTPUT: CommandOutputSerializer, ERROR: FailedSerializer, RESET: ResetSerializer},
    rarely_without_id=(ERROR,),
    lines=LINES,
    example="""\
retry: 2000
id: 8
event: trace
data: {"direction":"agent_to_workflow","raw_command":"create_todo {\\"text\\": \\"todo (demo)\\"}","command_name":null,\
"parameters":null,"response_text":null,"success":null,"timestamp_ms":1795290534217}

id: 9
event: trace
data: {"direction":"workflow_to_agent","raw_command":null,"command_name":"create_todo","parameters":\
{"text":"todo (demo)"},"response_text":"Todo 1 is on the list: todo (demo)","success":true,"timestamp_ms":1795290534272}

""",
)

INITIALIZE = {
    "The to-do list": {"user_id": "test_user"},
    "An agent": {"user_id": "test_user", "workflow_path": "Assistant", "context": {"city": "Sofia"}},
}
INVOKE = {"The document's query": {"user_id": "test_user", "user_query": "create a todo"}}
PERFORM = {
    "A todo": {"user_id": "test_user", "action": {"command_name": "create_todo", "parameters": {"text": "Buy milk"}}},
}
FEEDBACK = {"A score and words": {"user_id": "test_user", "binary_or_numeric_score": True, "nl_feedback": "Quick"}}
