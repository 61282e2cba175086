"""What requests of this dialect hold."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.exceptions import Invalid
from workflows.http.fields import EndpointField, NumberField, StringField, TrueOrFalseField, WholeNumberField

MAX_GOAL = 10_000
"""Characters. A goal is stored in events, which stay under 64 KB."""


class LLMConfigSerializer(serializers.Serializer[Any]):
    """Which model, and how. `openai_key` is a secret: it is stored encrypted and wiped when the task ends."""

    default_error_messages = {"invalid": "Must be a JSON object."}

    llm_type = StringField(required=False, allow_null=True, max_length=100)
    model = StringField(max_length=200)
    openai_key = StringField(required=False, allow_null=True, allow_blank=True, max_length=1000)
    base_url = EndpointField(required=False, allow_null=True, allow_blank=True, max_length=1000)
    api_base = EndpointField(required=False, allow_null=True, allow_blank=True, max_length=1000)
    temperature = NumberField(required=False, allow_null=True, min_value=0, max_value=2)
    top_p = NumberField(required=False, allow_null=True, min_value=0, max_value=1)
    max_tokens = WholeNumberField(required=False, allow_null=True, min_value=1, max_value=10_000_000)
    max_completion_tokens = WholeNumberField(required=False, allow_null=True, min_value=1, max_value=10_000_000)
    reasoning_effort = StringField(required=False, allow_null=True, max_length=20)
    timeout = NumberField(required=False, allow_null=True, min_value=0.001, max_value=3600)
    stream = TrueOrFalseField(required=False, allow_null=True)
    output_response = TrueOrFalseField(required=False, allow_null=True)


@extend_schema_field({"type": "object", "properties": {"mcpServers": {"type": "object", "maxProperties": 0}}})
class McpConfigField(serializers.JSONField):
    """`{}`, null and no servers mean none. Nothing else is taken yet."""


@extend_schema_field(
    {"type": "number", "exclusiveMinimum": 0, "maximum": settings.TASK_TIMEOUT_MAX_SECONDS, "description": "Seconds."}
)
class TimeoutField(NumberField):
    """How long a task may take."""


class GenerateSerializer(serializers.Serializer[Any]):
    """`POST …/workflow/generate`: a goal, and optionally the model, MCP servers and a timeout in seconds."""

    goal = StringField(max_length=MAX_GOAL)
    llm_config = LLMConfigSerializer(required=False, allow_null=True)
    mcp_config = McpConfigField(required=False, allow_null=True)
    timeout = TimeoutField(default=None, allow_null=True)

    def validate_goal(self, value: str) -> str:
        """Zero-width characters alone are a blank goal too."""
        if not any(character.isprintable() and not character.isspace() for character in value):
            raise serializers.ValidationError("This field may not be blank.", code="blank")
        return value

    def validate_timeout(self, value: float | None) -> float:
        if value is None:
            return settings.TASK_TIMEOUT_SECONDS
        if not 0 < value <= settings.TASK_TIMEOUT_MAX_SECONDS:
            raise serializers.ValidationError(
                f"Must be more than 0 and at most {settings.TASK_TIMEOUT_MAX_SECONDS} seconds.",
                code="out_of_range",
            )
        return value

    def validate_mcp_config(self, value: Any) -> None:
        """`{}` and null mean none. Nothing else is taken yet, so everything else is refused, with its reason."""
        refuse_mcp_servers(value)


def refuse_mcp_servers(value: Any) -> None:
    """Raises Invalid for every MCP server that a client brings along."""
    if value is None or value == {}:
        return
    where = ["body", "mcp_config"]
    if not isinstance(value, dict) or not isinstance(servers := value.get("mcpServers"), dict):
        raise Invalid.at(*where, msg='Must look like {"mcpServers": {"name": {"url": "…"}}}.', type="dict_type")
    for name, server in servers.items():
        if isinstance(server, dict) and "command" in server:
            raise Invalid.at(
                *where,
                "mcpServers",
                name,
                "command",
                msg="A command from a request would run on the server, so it is refused. "
                "Leave it out; only an administrator can set up a server that is started by a command.",
            )
        raise Invalid.at(
            *where,
            "mcpServers",
            name,
            msg="MCP servers of a request's own are not allowed on this server. Leave mcp_config out.",
        )


def ignored_keys(body: Mapping[str, Any]) -> list[str]:
    """The names that were sent and that nothing will read, to be recorded with the task."""
    ignored = [name for name in body if name not in GenerateSerializer().fields]
    llm_config = body.get("llm_config")
    if isinstance(llm_config, dict):
        known = LLMConfigSerializer().fields
        ignored += [f"llm_config.{name}" for name in llm_config if name not in known]
    return [name[:100] for name in sorted(ignored)[:50]]
