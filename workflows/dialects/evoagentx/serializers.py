"""What requests of this dialect hold."""

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.http.budget import BudgetSerializer
from workflows.http.fields import StringField, TimeoutField
from workflows.http.llm_config import LLMConfigSerializer
from workflows.http.mcp_config import McpConfigField

MAX_GOAL = 10_000
"""Characters. A goal is stored in events, which stay under 64 KB."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class GraphField(serializers.JSONField):
    """A `workflow_graph`, which the engine's own rules check."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class InputsField(serializers.JSONField):
    """Values by the names of a workflow's inputs."""

    default_error_messages = {"dict_type": "Must be a JSON object: the workflow's inputs by name."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("dict_type")
        return data


class GoalSerializer(serializers.Serializer[Any]):
    goal = StringField(max_length=MAX_GOAL)

    def validate_goal(self, value: str) -> str:
        return visible(value)


class ModelSerializer(serializers.Serializer[Any]):
    """What every task takes: optionally the model, MCP servers, a timeout in seconds and a budget."""

    llm_config = LLMConfigSerializer(required=False, allow_null=True)
    mcp_config = McpConfigField(required=False, allow_null=True)
    timeout = TimeoutField()
    budget = BudgetSerializer(required=False, allow_null=True)


class GenerateSerializer(GoalSerializer, ModelSerializer):
    """`POST …/workflow/generate`."""


class ExecuteSerializer(ModelSerializer):
    """`POST …/workflow/execute`: a workflow, or the id of the task that generated one, and the workflow's inputs."""

    workflow_graph = GraphField(required=False, allow_null=True)
    task_id = StringField(required=False, allow_null=True, max_length=100)
    inputs = InputsField(required=False, allow_null=True)


class RunSerializer(GoalSerializer, ModelSerializer):
    """`POST …/workflow/run`: a goal, and inputs beside it for the workflow that is generated."""

    inputs = InputsField(required=False, allow_null=True)


def visible(goal: str) -> str:
    """The goal, unless nobody could see it: zero-width characters alone are a blank one too."""
    if not any(character.isprintable() and not character.isspace() for character in goal):
        raise serializers.ValidationError("This field may not be blank.", code="blank")
    return goal


def ignored_keys(serializer: type[serializers.Serializer[Any]], body: Mapping[str, Any]) -> list[str]:
    """The names that were sent and that nothing will read, to be recorded with the task."""
    ignored = [name for name in body if name not in serializer().fields]
    llm_config = body.get("llm_config")
    if isinstance(llm_config, dict):
        known = LLMConfigSerializer().fields
        ignored += [f"llm_config.{name}" for name in llm_config if name not in known]
    return bounded(ignored)


def bounded(names: Iterable[str]) -> list[str]:
    """As many names as an event has room for."""
    return [name[:100] for name in sorted(names)[:50]]
