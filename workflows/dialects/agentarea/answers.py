"""What this dialect answers, for its description: `showing.py`, `telling.py` and `frames.py` make it."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from workflows.description.describe import Answer
from workflows.description.describe import Status as Code
from workflows.description.streams import THREAD_ID, Frames
from workflows.dialects.agentarea.serializers import STATUSES

Fields = serializers.Serializer[Any]


class AgentAnswerSerializer(Fields):
    id = serializers.UUIDField()
    name = serializers.CharField()
    status = serializers.ChoiceField(["active"])
    description = serializers.CharField(allow_null=True)
    instruction = serializers.CharField()
    model_id = serializers.CharField()
    tools_config = serializers.DictField(allow_null=True)
    events_config = serializers.DictField(allow_null=True, help_text="As it was sent; nothing here acts on it.")
    planning = serializers.BooleanField()
    enable_streaming = serializers.BooleanField()
    budget_usd = serializers.FloatField(allow_null=True)
    version = serializers.IntegerField(help_text="Each edit makes one; a task records which one it ran.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    ignored = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Names in the body that nothing reads."
    )


class DeletedSerializer(Fields):
    status = serializers.ChoiceField(["success"])


class ToolAnswerSerializer(Fields):
    name = serializers.CharField()
    description = serializers.CharField()
    parameters = serializers.DictField(help_text="A JSON Schema.")
    side_effects = serializers.BooleanField()


class ResultSerializer(Fields):
    final_response = serializers.CharField()
    success = serializers.BooleanField()
    iterations_completed = serializers.IntegerField()
    total_cost = serializers.FloatField()
    message = serializers.CharField()


class TaskAnswerSerializer(Fields):
    """A task: of its current turn `status`, `result` and `execution_id`."""

    id = serializers.UUIDField()
    agent_id = serializers.UUIDField()
    description = serializers.CharField()
    parameters = serializers.DictField()
    status = serializers.ChoiceField(STATUSES)
    result = ResultSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    execution_id = serializers.UUIDField(help_text="The turn as a task of `/api/v1/tasks`.")


class FailedTaskSerializer(TaskAnswerSerializer):
    detail = serializers.CharField()


class RefusedSerializer(Fields):
    detail = serializers.CharField()


ENDINGS: Mapping[Code, Answer] = {
    402: OpenApiResponse(FailedTaskSerializer, "The budget does not allow another model call."),
    409: OpenApiResponse(RefusedSerializer, "The task was cancelled, or the request cannot be met as things stand."),
    502: OpenApiResponse(FailedTaskSerializer, "The model failed, or the agent came to no answer."),
    504: OpenApiResponse(FailedTaskSerializer, "The timeout passed."),
}


class CancelledSerializer(Fields):
    status = serializers.ChoiceField(["cancelled"])
    task_id = serializers.UUIDField()
    execution_id = serializers.UUIDField()


class ActedSerializer(Fields):
    status = serializers.ChoiceField(["paused", "running"])
    task_id = serializers.UUIDField()
    execution_id = serializers.UUIDField()
    message = serializers.CharField()


class UsageMetadataSerializer(Fields):
    """Of all turns together."""

    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()
    total_cost = serializers.FloatField()
    model_calls = serializers.IntegerField()


class StatusSerializer(Fields):
    task_id = serializers.UUIDField()
    agent_id = serializers.UUIDField()
    execution_id = serializers.UUIDField()
    status = serializers.ChoiceField(STATUSES)
    start_time = serializers.DateTimeField(allow_null=True)
    end_time = serializers.DateTimeField(allow_null=True)
    execution_time = serializers.FloatField(allow_null=True, help_text="Seconds.")
    error = serializers.CharField(allow_null=True)
    result = ResultSerializer(allow_null=True)
    message = serializers.CharField(allow_blank=True)
    artifacts = serializers.ListField(child=serializers.JSONField(), help_text="Empty.")
    session_id = serializers.UUIDField()
    usage_metadata = UsageMetadataSerializer()


class StateSerializer(Fields):
    task_id = serializers.UUIDField()
    execution_id = serializers.UUIDField()
    status = serializers.ChoiceField(STATUSES)
    current_iteration = serializers.IntegerField()
    success = serializers.BooleanField()
    cost = serializers.FloatField()
    budget_remaining = serializers.FloatField(allow_null=True)
    paused = serializers.BooleanField()
    pause_reason = serializers.CharField(allow_null=True)


class ResponseSerializer(Fields):
    task_id = serializers.UUIDField()
    execution_id = serializers.UUIDField()
    status = serializers.ChoiceField(STATUSES)
    success = serializers.BooleanField()
    final_response = serializers.CharField(allow_null=True)


class IdsSerializer(Fields):
    task_id = serializers.UUIDField()
    agent_id = serializers.UUIDField()
    execution_id = serializers.UUIDField(allow_null=True)


class PayloadSerializer(IdsSerializer):
    """What all of them may have: of an agent that another one asks."""

    parent = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="The tool call that asked the agent."
    )
    agent_name = serializers.CharField(required=False)


class CostsSerializer(PayloadSerializer):
    iterations_completed = serializers.IntegerField()
    total_cost = serializers.FloatField(required=False)


class CallSerializer(PayloadSerializer):
    model = serializers.CharField()


class ToolSerializer(PayloadSerializer):
    tool_name = serializers.CharField()
    tool_call_id = serializers.CharField()


class LimitSerializer(PayloadSerializer):
    usage_percentage = serializers.FloatField()
    cost = serializers.FloatField()
    limit = serializers.FloatField()
    message = serializers.CharField()
    scope = serializers.ChoiceField(["task", "group"])
    unit = serializers.ChoiceField(["tokens", "cost_usd"])


class EndSerializer(CostsSerializer):
    error = serializers.CharField()
    error_type = serializers.CharField()


class ReasonSerializer(PayloadSerializer):
    reason = serializers.CharField(allow_blank=True)


def _payload(base: type[Fields] = PayloadSerializer, **fields: Any) -> type[Fields]:
    return type("Payload", (base,), {"__module__": __name__, **fields})


class PlanStepSerializer(Fields):
    step = serializers.CharField()
    done = serializers.BooleanField()


class TokensSerializer(Fields):
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()


PAYLOADS: Mapping[str, type[Fields]] = {
    "connected": IdsSerializer,
    "heartbeat": IdsSerializer,
    "WorkflowStarted": _payload(
        goal_description=serializers.CharField(),
        max_iterations=serializers.IntegerField(),
        budget_limit=serializers.FloatField(allow_null=True),
    ),
    "WorkflowStepStarted": _payload(
        iteration=serializers.IntegerField(), budget_remaining=serializers.FloatField(allow_null=True)
    ),
    "WorkflowStepCompleted": _payload(iteration=serializers.IntegerField(), total_cost=serializers.FloatField()),
    "WorkflowPlanUpdated": _payload(plan=PlanStepSerializer(many=True)),
    "WorkflowLLMCallStarted": _payload(
        CallSerializer,
        message_count=serializers.IntegerField(allow_null=True),
        estimated_cost=serializers.FloatField(allow_null=True),
    ),
    "WorkflowLLMCallChunk": _payload(
        chunk=serializers.CharField(),
        chunk_index=serializers.IntegerField(help_text="From 0; again from 0 where the call begins anew."),
        is_final=serializers.BooleanField(help_text="Always false: the next event of the call ends its text."),
    ),
    "WorkflowLLMCallRetried": _payload(
        attempt=serializers.IntegerField(min_value=1, help_text="The one that failed."),
        reason=serializers.CharField(),
        delay=serializers.FloatField(help_text="Seconds until the next attempt."),
    ),
    "WorkflowLLMCallCompleted": _payload(
        CallSerializer,
        content=serializers.CharField(allow_blank=True),
        role=serializers.ChoiceField(["assistant"]),
        tool_calls=serializers.ListField(child=serializers.DictField()),
        cost=serializers.FloatField(allow_null=True),
        total_cost=serializers.FloatField(allow_null=True),
        usage=TokensSerializer(allow_null=True),
        demo=serializers.BooleanField(help_text="The demo model replied."),
    ),
    "WorkflowToolCallStarted": _payload(ToolSerializer, arguments=serializers.DictField()),
    "WorkflowToolCallCompleted": _payload(
        ToolSerializer,
        success=serializers.BooleanField(),
        result=serializers.CharField(required=False, allow_blank=True),
        error=serializers.CharField(required=False),
        execution_time=serializers.FloatField(help_text="Seconds."),
    ),
    "WorkflowBudgetWarning": LimitSerializer,
    "WorkflowBudgetExceeded": LimitSerializer,
    "WorkflowApprovalRequested": _payload(
        question_id=serializers.UUIDField(),
        kind=serializers.ChoiceField(["approval", "input"]),
        tool_name=serializers.CharField(allow_null=True),
        tool_call_id=serializers.CharField(allow_null=True),
        arguments=serializers.DictField(),
        message=serializers.CharField(),
    ),
    "WorkflowApprovalReceived": _payload(
        question_id=serializers.UUIDField(),
        kind=serializers.ChoiceField(["approval", "input"]),
        approved=serializers.BooleanField(required=False),
        reason=serializers.CharField(required=False, allow_blank=True),
        arguments=serializers.DictField(required=False),
        value=serializers.JSONField(required=False, allow_null=True),
        by=serializers.CharField(required=False, help_text="Missing where nobody answered in time."),
    ),
    "WorkflowPaused": ReasonSerializer,
    "WorkflowResumed": ReasonSerializer,
    "WorkflowCompleted": _payload(
        CostsSerializer,
        success=serializers.BooleanField(),
        final_response=serializers.CharField(),
        message=serializers.CharField(),
    ),
    "WorkflowFailed": EndSerializer,
    "WorkflowCancelled": EndSerializer,
    "reset": _payload(IdsSerializer, first_id=serializers.RegexField(THREAD_ID), snapshot=serializers.DictField()),
}
"""The payloads of frames, by name."""


def _frame(name: str, payload: type[Fields]) -> type[Fields]:
    """A frame holds its payload twice: in `data`, and beside it."""
    has_id = name not in WITHOUT_ID
    fields = {
        "event_type": serializers.ChoiceField([name]),
        "type": serializers.ChoiceField([name]),
        "event_id": serializers.RegexField(THREAD_ID, allow_null=not has_id),
        "timestamp": serializers.DateTimeField(),
        "data": type(f"{name}DataSerializer", (payload,), {"__module__": __name__})(),
    }
    return type(f"{name}FrameSerializer", (payload,), {"__module__": __name__, **fields})


WITHOUT_ID = ("connected", "heartbeat", "reset")

EXAMPLE = """\
retry: 2000
event: connected
data: {"task_id":"6d1f0e6a-5a0b-4c5e-8f60-0a4c2f6a9d11","agent_id":"0f37f871-f098-5598-bc69-fedc681668e3",\
"execution_id":"1c9f1a7e-8c1e-4f7c-9a55-2d64a1a3d0c7","event_type":"connected","type":"connected","event_id":null,\
"timestamp":"2026-11-21T12:24:51.152Z","data":{"task_id":"6d1f0e6a-5a0b-4c5e-8f60-0a4c2f6a9d11",\
"agent_id":"0f37f871-f098-5598-bc69-fedc681668e3","execution_id":"1c9f1a7e-8c1e-4f7c-9a55-2d64a1a3d0c7"}}

"""

FRAMES = Frames(
    "AgentareaFrame",
    {name: _frame(name, payload) for name, payload in PAYLOADS.items()},
    without_id=WITHOUT_ID,
    of_thread=True,
    example=EXAMPLE,
)


class EventSerializer(IdsSerializer):
    """An event; `metadata` is the payload of the frame `event_type`."""

    id = serializers.RegexField(THREAD_ID)
    timestamp = serializers.DateTimeField()
    event_type = serializers.ChoiceField([name for name in PAYLOADS if name not in WITHOUT_ID])
    message = serializers.CharField()
    metadata = serializers.DictField()


class EventPageSerializer(Fields):
    events = EventSerializer(many=True)
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    has_next = serializers.BooleanField()
