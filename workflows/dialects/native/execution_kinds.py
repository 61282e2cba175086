"""What the data of an execution's events holds, for the API description. In words: `docs/events.md`."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from workflows.engine.graphs.policies import ERRORS, RETRY_ON
from workflows.events import Kind


class StandingFields(serializers.Serializer[Any]):
    """How far the task had come."""

    progress = serializers.IntegerField(min_value=0, max_value=100, help_text="In percent; it never falls.")
    step = serializers.IntegerField(required=False, help_text="The stage, or the nodes done, of the last progress.")
    total_steps = serializers.IntegerField(required=False)


class DataSerializer(StandingFields):
    parent = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="Of a workflow that a tool call executes: that call."
    )
    truncated = serializers.BooleanField(required=False, help_text="Something was too long for an event, and is cut.")


class NodeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    depends_on = serializers.ListField(child=serializers.CharField(), help_text="The nodes that it waits for.")


class EdgeSerializer(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField()


class WorkflowStartedSerializer(DataSerializer):
    nodes = NodeSerializer(many=True)
    edges = EdgeSerializer(many=True)
    inputs = serializers.ListField(child=serializers.CharField(), help_text="The names of those that are given.")
    total = serializers.IntegerField(help_text="How many nodes there are.")
    done = serializers.IntegerField()


class IterationSerializer(DataSerializer):
    iteration = serializers.IntegerField(min_value=1)
    depth = serializers.IntegerField(min_value=1, help_text="How many there are at most.")


class IterationStartedSerializer(IterationSerializer):
    nodes = serializers.IntegerField(help_text="How many nodes run in it.")


class ReviewSerializer(serializers.Serializer[Any]):
    goal_met = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    added = serializers.ListField(child=serializers.CharField(), help_text="The follow-up tasks, by name.")


class IterationCompletedSerializer(IterationSerializer):
    review = ReviewSerializer(allow_null=True, help_text="Null after the last iteration.")


class NodeSkippedSerializer(DataSerializer):
    node = serializers.CharField()
    node_run = serializers.CharField(help_text="The run's name, the same on every replay: `node/1/collect/1`.")
    iteration = serializers.IntegerField(min_value=1)
    because = serializers.CharField(help_text="The node that failed.")


class NodeRunSerializer(DataSerializer):
    """An event of a node's run."""

    node = serializers.CharField()
    node_run = serializers.CharField(help_text="The run's name, the same on every replay: `node/1/collect/1`.")
    iteration = serializers.IntegerField(min_value=1)
    run = serializers.IntegerField(min_value=1, help_text="More than 1 in the further rounds of a loop.")


class NodeProgressSerializer(NodeRunSerializer):
    text = serializers.CharField(help_text="A finding: a sentence of what the agent is writing.")


class NodeRetriedSerializer(NodeRunSerializer):
    attempt = serializers.IntegerField(min_value=1, help_text="The one that failed.")
    reason = serializers.CharField()
    error_type = serializers.ChoiceField(RETRY_ON)
    delay_s = serializers.FloatField(help_text="Seconds until the next attempt.")


class NodeErrorSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(ERRORS)
    message = serializers.CharField()


class NodeFailedSerializer(NodeRunSerializer):
    attempt = serializers.IntegerField(min_value=1)
    error = NodeErrorSerializer()


class NodeFinishedSerializer(NodeRunSerializer):
    outputs = serializers.DictField(child=serializers.JSONField(allow_null=True))
    duration_ms = serializers.IntegerField()
    taken_over = serializers.BooleanField(
        required=False, help_text="It was finished by the task that this one runs again."
    )


EXECUTION_DATA: Mapping[Kind, type[serializers.Serializer[Any]]] = {
    Kind.WORKFLOW_STARTED: WorkflowStartedSerializer,
    Kind.ITERATION_STARTED: IterationStartedSerializer,
    Kind.ITERATION_COMPLETED: IterationCompletedSerializer,
    Kind.NODE_STARTED: NodeRunSerializer,
    Kind.NODE_PROGRESS: NodeProgressSerializer,
    Kind.NODE_RETRIED: NodeRetriedSerializer,
    Kind.NODE_FINISHED: NodeFinishedSerializer,
    Kind.NODE_FAILED: NodeFailedSerializer,
    Kind.NODE_SKIPPED: NodeSkippedSerializer,
}
