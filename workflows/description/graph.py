"""The `workflow_graph`, which dialects hand out as it is (`workflows/engine/graphs/graph.py` builds it)."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

TYPES = ["string", "integer", "number", "boolean", "object", "array"]


class AgentParameterSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.ChoiceField(TYPES)
    description = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]


class ParameterSerializer(AgentParameterSerializer):
    class_name = serializers.ChoiceField(["Parameter"])


class AgentSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    inputs = AgentParameterSerializer(many=True)
    outputs = AgentParameterSerializer(many=True)
    prompt = serializers.CharField(help_text="Its instructions; each input stands in it in braces.")
    tool_names = serializers.ListField(child=serializers.CharField(), allow_null=True)


class NodeSerializer(serializers.Serializer[Any]):
    class_name = serializers.ChoiceField(["WorkFlowNode"])
    name = serializers.CharField(help_text="Unique in its graph.")
    description = serializers.CharField()
    reason = serializers.CharField()
    status = serializers.CharField(help_text="`pending`; what runs is told in events.")
    inputs = ParameterSerializer(many=True)
    outputs = ParameterSerializer(many=True)
    agents = AgentSerializer(many=True)


class EdgeSerializer(serializers.Serializer[Any]):
    class_name = serializers.ChoiceField(["WorkFlowEdge"])
    source = serializers.CharField(help_text="The node that makes an output.")  # type: ignore[assignment]
    target = serializers.CharField(help_text="The node that takes it as an input.")
    priority = serializers.IntegerField()


class WorkflowGraphSerializer(serializers.Serializer[Any]):
    """The shape that EvoAgentX's `WorkFlowGraph` saves and loads."""

    class_name = serializers.ChoiceField(["WorkFlowGraph"])
    goal = serializers.CharField()
    nodes = NodeSerializer(many=True)
    edges = EdgeSerializer(many=True)
    workflow_inputs = ParameterSerializer(many=True)
    workflow_outputs = ParameterSerializer(many=True)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(serializers.JSONField):
    """A JSON object of any shape."""


class TeamMessageSerializer(serializers.Serializer[Any]):
    """What one of a team said."""

    text = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        # A name that Python keeps for itself.
        return {"from": serializers.CharField(help_text="A participant, or `user`."), **super().get_fields()}


class ResultSerializer(serializers.Serializer[Any]):
    """The result of a task: of a generation `workflow_graph`, of an execution what it made, of a whole run both; of an
    agent's turn `final_response`, `success` and `iterations`; of a question to a team `final_response` and messages; of
    a channel's turn `final_response` and the command; of a conversation that was summed up `topic` and `summary`."""

    goal = serializers.CharField()
    message = serializers.CharField()
    workflow_graph = WorkflowGraphSerializer(required=False, help_text="Of an execution: if nodes were added to it.")
    outputs = ObjectField(required=False, help_text="The workflow's outputs, by name.")
    results = ObjectField(required=False, help_text="The outputs of each node, by node and name.")
    iterations = serializers.IntegerField(required=False, min_value=1)
    final_response = serializers.CharField(required=False, allow_blank=True)
    total_messages = serializers.IntegerField(required=False, help_text="The question counts.")
    response_length = serializers.IntegerField(required=False, help_text="Characters of the final response.")
    stop_reason = serializers.CharField(required=False)
    messages = TeamMessageSerializer(required=False, many=True)
    success = serializers.BooleanField(required=False, help_text="Whether the agent says that it did what was wanted.")
    command_name = serializers.CharField(required=False, allow_blank=True)
    command_parameters = ObjectField(required=False)
    workflow_name = serializers.CharField(required=False, help_text="What the channel talks to.")
    context = ObjectField(required=False)  # type: ignore[assignment]
    started_at = serializers.IntegerField(required=False, help_text="Milliseconds since 1970.")
    topic = serializers.CharField(required=False)
    summary = serializers.CharField(required=False, allow_blank=True)


class GenerationSerializer(serializers.Serializer[Any]):
    """The result of a generation."""

    goal = serializers.CharField()
    workflow_graph = WorkflowGraphSerializer()
    message = serializers.CharField()
