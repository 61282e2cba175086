"""What this dialect answers, and the frames of its two streams, for the API description."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.description.errors import TaskErrorSerializer
from workflows.description.graph import GenerationSerializer, ObjectField, ResultSerializer, WorkflowGraphSerializer
from workflows.description.streams import Frames
from workflows.dialects.evoagentx.sentences import NODE_STATUS
from workflows.models import Job, Status

STAGE = "`plan`, `agents` or `check` of a generation, `execute` or `review` of an execution."


class WorkflowSerializer(GenerationSerializer):
    """What the blocking call answers when the workflow is there."""

    success = serializers.ChoiceField([True])
    timestamp = serializers.DateTimeField()


class ExecutionSerializer(serializers.Serializer[Any]):
    """What the blocking call answers when the workflow was executed."""

    success = serializers.ChoiceField([True])
    goal = serializers.CharField()
    outputs = ObjectField(help_text="The workflow's outputs, by name.")
    results = ObjectField(help_text="The outputs of each node, by node and name.")
    iterations = serializers.IntegerField(min_value=1)
    message = serializers.CharField()
    timestamp = serializers.DateTimeField()


class RunSerializer(ExecutionSerializer):
    """The same, with the workflow that was generated."""

    workflow_graph = WorkflowGraphSerializer()


class FailureSerializer(serializers.Serializer[Any]):
    """What the blocking call answers when its task ended without a result."""

    success = serializers.ChoiceField([False])
    detail = serializers.CharField()
    task_id = serializers.UUIDField()


class CancelledSerializer(serializers.Serializer[Any]):
    """A conflict with what is there: only a cancelled task has its id here."""

    success = serializers.ChoiceField([False], required=False)
    detail = serializers.CharField()
    task_id = serializers.UUIDField(required=False)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "description": "The inputs that the generated workflow needs."},
            {"type": "array", "items": {"type": "object", "additionalProperties": {}}},
        ]
    }
)
class DetailField(serializers.JSONField):
    """A sentence, or a list of problems in FastAPI's shape."""


class InputsMissingSerializer(serializers.Serializer[Any]):
    """Only a task that ended for want of inputs has its id here."""

    success = serializers.ChoiceField([False], required=False)
    detail = DetailField()
    task_id = serializers.UUIDField(required=False)


class StartedSerializer(serializers.Serializer[Any]):
    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(["started"])
    stream_url = serializers.CharField(help_text="The path of the task's stream.")
    task_type = serializers.ChoiceField(Job.values)


class ConnectedSerializer(serializers.Serializer[Any]):
    client_id = serializers.UUIDField()
    stream_url = serializers.CharField(help_text="The path of the session's stream.")


class StartedInSessionSerializer(serializers.Serializer[Any]):
    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(["started"])
    client_id = serializers.UUIDField()


class DisconnectedSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["disconnected"])
    client_id = serializers.UUIDField()


class ClientSerializer(serializers.Serializer[Any]):
    client_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    last_activity = serializers.DateTimeField()
    active_tasks = serializers.ListField(child=serializers.UUIDField())


class ClientsSerializer(serializers.Serializer[Any]):
    active_clients = ClientSerializer(many=True)
    total = serializers.IntegerField(min_value=0, help_text="Of all; at most 1,000 are listed.")


class ProgressDataSerializer(serializers.Serializer[Any]):
    progress = serializers.IntegerField(min_value=0, max_value=100, help_text="In percent; it never falls.")
    current_state = serializers.CharField(help_text="A sentence.")
    step = serializers.IntegerField(
        min_value=0,
        help_text="Of a generation the number of the stage, 0 before it; of an execution the nodes done.",
    )
    total_steps = serializers.IntegerField(min_value=0)
    stage = serializers.CharField(allow_null=True, help_text=STAGE)
    node = serializers.CharField(allow_null=True)
    node_status = serializers.ChoiceField(
        sorted(set(NODE_STATUS.values())), required=False, help_text="Where the frame tells of a node's execution."
    )
    outputs = ObjectField(required=False, help_text="What the node made, where `node_status` is `completed`.")


class UpdateDataSerializer(ProgressDataSerializer):
    status = serializers.ChoiceField(["processing"])
    timestamp = serializers.DateTimeField()


class TokenDataSerializer(serializers.Serializer[Any]):
    """The model's text as it comes."""

    text = serializers.CharField()
    stage = serializers.CharField(help_text=STAGE)
    node = serializers.CharField(allow_null=True, help_text="Null while planning.")
    first_seq = serializers.IntegerField(required=False, help_text="The first id whose text is joined in this one.")


class CompleteDataSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["completed"])
    timestamp = serializers.DateTimeField()
    result = ResultSerializer()


class ErrorDataSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["error"])
    error = serializers.CharField(help_text="A sentence.")
    timestamp = serializers.DateTimeField()


class ResetDataSerializer(serializers.Serializer[Any]):
    event_type = serializers.ChoiceField(["reset"])
    first_id = serializers.IntegerField(help_text="The first id on offer.")
    last_event_id = serializers.IntegerField()
    timestamp = serializers.DateTimeField()


class TaskResetDataSerializer(ResetDataSerializer):
    """The task as it is now."""

    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(Status.values)
    progress = serializers.IntegerField()
    current_state = serializers.CharField()
    result = ResultSerializer(allow_null=True)
    error = TaskErrorSerializer(allow_null=True)


class SessionDataSerializer(serializers.Serializer[Any]):
    event_type = serializers.CharField(help_text="The frame's name.")
    task_id = serializers.UUIDField()
    timestamp = serializers.DateTimeField()


class SessionStartedSerializer(SessionDataSerializer):
    task_type = serializers.ChoiceField(Job.values)
    goal = serializers.CharField()


class SessionProcessingSerializer(SessionDataSerializer):
    message = serializers.CharField()


class SessionProgressSerializer(SessionDataSerializer, ProgressDataSerializer):
    pass


class SessionTokenSerializer(SessionDataSerializer, TokenDataSerializer):
    pass


class SessionCompletedSerializer(SessionDataSerializer):
    result = ResultSerializer()


class SessionErrorSerializer(SessionDataSerializer):
    error = serializers.CharField()


class SessionCancelledSerializer(SessionDataSerializer):
    reason = serializers.CharField()


class SessionEndSerializer(SessionDataSerializer):
    """The last frame."""

    task_id = serializers.UUIDField(allow_null=True)
    client_id = serializers.UUIDField()
    message = serializers.CharField()


class ActiveTaskSerializer(serializers.Serializer[Any]):
    task_id = serializers.UUIDField()
    progress = serializers.IntegerField()
    current_state = serializers.CharField()


class SessionResetDataSerializer(ResetDataSerializer):
    """The session as it is now."""

    client_id = serializers.UUIDField()
    status = serializers.CharField()
    active_tasks = ActiveTaskSerializer(many=True)


TASK_FRAMES = Frames(
    "EvoagentxTaskFrame",
    {
        "update": UpdateDataSerializer,
        "token": TokenDataSerializer,
        "complete": CompleteDataSerializer,
        "error": ErrorDataSerializer,
        "reset": TaskResetDataSerializer,
    },
    example="""\
retry: 2000
id: 1
event: update
data: {"progress":0,"current_state":"Waiting for a worker","step":0,"total_steps":3,"stage":null,"node":null,\
"status":"processing","timestamp":"2026-11-21T09:01:55.485Z"}

id: 2
event: update
data: {"progress":0,"current_state":"Started","step":0,"total_steps":3,"stage":null,"node":null,\
"status":"processing","timestamp":"2026-11-21T09:01:55.490Z"}

id: 3
event: update
data: {"progress":5,"current_state":"Planning the workflow","step":1,"total_steps":3,"stage":"plan","node":null,\
"status":"processing","timestamp":"2026-11-21T09:01:55.495Z"}

id: 5
event: error
data: {"status":"error","error":"The model endpoint refused the key. Check llm_config.openai_key or OPENAI_API_KEY.",\
"timestamp":"2026-11-21T09:01:55.520Z"}

""",
)

SESSION_FRAMES = Frames(
    "EvoagentxSessionFrame",
    {
        "task_started": SessionStartedSerializer,
        "task_processing": SessionProcessingSerializer,
        "task_progress": SessionProgressSerializer,
        "task_token": SessionTokenSerializer,
        "task_completed": SessionCompletedSerializer,
        "task_error": SessionErrorSerializer,
        "task_cancelled": SessionCancelledSerializer,
        "session_closed": SessionEndSerializer,
        "session_timeout": SessionEndSerializer,
        "reset": SessionResetDataSerializer,
    },
    example="""\
retry: 2000
id: 18
event: task_started
data: {"event_type":"task_started","task_id":"4f2f6c0e-51f2-4b8c-8a6f-4f0ad1a2c7d9",\
"timestamp":"2026-11-21T09:01:56.102Z","task_type":"workflow_generation","goal":"Translate the manual"}

id: 19
event: task_processing
data: {"event_type":"task_processing","task_id":"4f2f6c0e-51f2-4b8c-8a6f-4f0ad1a2c7d9",\
"timestamp":"2026-11-21T09:01:56.110Z","message":"Started"}

id: 20
event: task_progress
data: {"event_type":"task_progress","task_id":"4f2f6c0e-51f2-4b8c-8a6f-4f0ad1a2c7d9",\
"timestamp":"2026-11-21T09:01:56.115Z","progress":5,"current_state":"Planning the workflow","step":1,\
"total_steps":3,"stage":"plan","node":null}

id: 22
event: task_cancelled
data: {"event_type":"task_cancelled","task_id":"4f2f6c0e-51f2-4b8c-8a6f-4f0ad1a2c7d9",\
"timestamp":"2026-11-21T09:01:57.300Z","reason":"its session was closed"}

id: 23
event: session_closed
data: {"event_type":"session_closed","task_id":null,"client_id":"0c8f6f0a-61a9-4a57-8f5a-3b9d8c1f2e44",\
"timestamp":"2026-11-21T09:01:57.310Z","message":"closed by the client"}

""",
)

MANUAL = {"name": "manual", "type": "string", "description": "The manual.", "required": True}
TRANSLATION = {"name": "translation", "type": "string", "description": "Its translation.", "required": True}
GRAPH = {
    "class_name": "WorkFlowGraph",
    "goal": "Translate the manual",
    "nodes": [
        {
            "class_name": "WorkFlowNode",
            "name": "translate_manual",
            "description": "Translate the manual",
            "reason": "It is what was asked for.",
            "status": "pending",
            "inputs": [MANUAL],
            "outputs": [TRANSLATION],
            "agents": [
                {
                    "name": "translator",
                    "description": "Translates.",
                    "inputs": [MANUAL],
                    "outputs": [TRANSLATION],
                    "prompt": "### Objective\nTranslate it into German.\n\n### Inputs\n<input>{manual}</input>\n\n"
                    "### Output Format\n## Thought\nA short line.\n\n## translation\nThe translation.",
                    "tool_names": None,
                }
            ],
        }
    ],
    "edges": [],
    "workflow_inputs": [{"name": "manual", "type": "string", "description": "The manual.", "required": True}],
    "workflow_outputs": [
        {"name": "translation", "type": "string", "description": "Its translation.", "required": True}
    ],
}

REQUESTS = {
    Job.GENERATE: {
        "A goal": {"goal": "Translate the manual"},
        "As EvoAgentX's documents have it": {
            "goal": "Collect customer reviews and sales figures, then write a summary",
            "llm_config": {"model": "gpt-4o-mini", "openai_key": "your_key_here", "temperature": 0.2},
            "mcp_config": {},
            "timeout": 300,
        },
    },
    Job.EXECUTE: {
        "What a task generated": {"task_id": "4f2f6c0e-51f2-4b8c-8a6f-4f0ad1a2c7d9"},
        "A workflow and its inputs": {"workflow_graph": GRAPH, "inputs": {"manual": "Press the button."}},
    },
    Job.RUN: {
        "A goal": {"goal": "Translate the manual"},
        "With inputs": {"goal": "Translate the manual", "inputs": {"manual": "Press the button."}, "timeout": 600},
    },
}
