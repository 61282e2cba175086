"""What requests of this dialect hold."""

from typing import Any, Final

from rest_framework import serializers

from workflows.http.fields import NumberField, StringField, TimeoutField, TrueOrFalseField, WholeNumberField

MAX_INSTRUCTIONS: Final = 100_000
MAX_DESCRIPTION: Final = 100_000
MAX_TOOLS: Final = 100
MAX_AGENTS: Final = 20
MAX_ITERATIONS: Final = 50
MAX_CRITERIA: Final = 50
MAX_BUDGET_USD: Final = 100_000
MAX_PAGE: Final = 1000
MAX_EVENTS: Final = 100
MAX_PAGE_NUMBER: Final = 1_000_000

STATUSES: Final = (
    "submitted", "pending", "running", "working", "paused", "waiting_for_approval", "completed", "failed", "cancelled",
)  # fmt: skip

NOT_AN_OBJECT: Final[dict[str, Any]] = {"invalid": "Must be a JSON object."}


class Part(serializers.Serializer[Any]):
    default_error_messages = NOT_AN_OBJECT


class BuiltinToolSerializer(Part):
    tool_name = StringField(max_length=200)
    requires_user_confirmation = TrueOrFalseField(default=False)
    enabled = TrueOrFalseField(default=True)


class AllowedToolSerializer(Part):
    tool_name = StringField(max_length=200)
    requires_user_confirmation = TrueOrFalseField(default=False)


class McpServerSerializer(Part):
    mcp_server_id = StringField(max_length=200)
    allowed_tools = AllowedToolSerializer(many=True, required=False, max_length=MAX_TOOLS)  # type: ignore[call-arg]


class OtherAgentSerializer(Part):
    """Another agent of the group, which this one may ask. Ours."""

    agent_id = serializers.UUIDField()
    requires_user_confirmation = TrueOrFalseField(default=False)

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        return {**value, "agent_id": str(value["agent_id"])}


class ToolsSerializer(Part):
    """The tools of an agent."""

    builtin_tools = BuiltinToolSerializer(many=True, required=False, max_length=MAX_TOOLS)  # type: ignore[call-arg]
    mcp_server_configs = McpServerSerializer(many=True, required=False, max_length=MAX_TOOLS)  # type: ignore[call-arg]
    agents = OtherAgentSerializer(many=True, required=False, max_length=MAX_AGENTS)  # type: ignore[call-arg]


class AgentSerializer(Part):
    """An agent. `instructions` and `model` are other names of `instruction` and `model_id`."""

    name = StringField(max_length=200)
    description = StringField(required=False, allow_null=True, allow_blank=True, max_length=10_000)
    instruction = StringField(required=False, max_length=MAX_INSTRUCTIONS)
    instructions = StringField(required=False, max_length=MAX_INSTRUCTIONS)
    model_id = StringField(required=False, max_length=200)
    model = StringField(required=False, max_length=200)
    tools_config = ToolsSerializer(required=False, allow_null=True)
    events_config = serializers.DictField(
        required=False, allow_null=True, help_text="Kept for its clients, and given back."
    )
    planning = TrueOrFalseField(required=False, allow_null=True, help_text="Whether it makes a plan first.")
    enable_streaming = TrueOrFalseField(required=False, help_text="What its tasks do that do not say it themselves.")
    budget_usd = NumberField(required=False, allow_null=True, min_value=0.000001, max_value=MAX_BUDGET_USD)


class AgentChangesSerializer(AgentSerializer):
    """What is to be different of an agent."""

    name = StringField(required=False, max_length=200)


class CriteriaField(serializers.ListField):
    """One criterion, or a list of them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=StringField(max_length=2_000), max_length=MAX_CRITERIA, **options)

    def to_internal_value(self, data: Any) -> list[Any]:
        return super().to_internal_value([data] if isinstance(data, str) else data)


class ParametersSerializer(Part):
    """What of an agent is different for a task, and what the task may take. Other names are kept, and given back."""

    enable_streaming = TrueOrFalseField(required=False, allow_null=True)
    model = StringField(required=False, allow_null=True, max_length=200)
    instructions = StringField(required=False, allow_null=True, max_length=MAX_INSTRUCTIONS)
    max_iterations = WholeNumberField(required=False, allow_null=True, min_value=1, max_value=MAX_ITERATIONS)
    budget_usd = NumberField(required=False, allow_null=True, min_value=0.000001, max_value=MAX_BUDGET_USD)
    success_criteria = CriteriaField(required=False, allow_null=True)
    timeout = TimeoutField()


class TaskSerializer(Part):
    """A task: what the agent is asked first. `task_parameters` is another name of `parameters`."""

    description = StringField(max_length=MAX_DESCRIPTION)
    parameters = serializers.DictField(required=False, allow_null=True)
    task_parameters = serializers.DictField(required=False, allow_null=True)
    user_id = StringField(required=False, allow_null=True, allow_blank=True, max_length=200)
    enable_streaming = TrueOrFalseField(required=False, allow_null=True)
    requires_human_approval = TrueOrFalseField(default=False, help_text="Of each call of a tool.")


class ExecuteSerializer(Part):
    """What the agent is asked next."""

    query = StringField(max_length=MAX_DESCRIPTION)
    enable_streaming = TrueOrFalseField(required=False, allow_null=True)


class TasksQuerySerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(STATUSES, required=False)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=MAX_PAGE)
    offset = serializers.IntegerField(default=0, min_value=0, max_value=MAX_PAGE_NUMBER)


class EventsQuerySerializer(serializers.Serializer[Any]):
    page = serializers.IntegerField(default=1, min_value=1, max_value=MAX_PAGE_NUMBER)
    page_size = serializers.IntegerField(default=50, min_value=1, max_value=MAX_EVENTS)
    event_type = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=50, help_text="Globs; repeated."
    )


class StreamQuerySerializer(serializers.Serializer[Any]):
    include_history = serializers.BooleanField(default=True)
    event_type = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=50, help_text="Globs; repeated."
    )


class RejectSerializer(Part):
    """Why not; the agent reads it."""

    reason = StringField(required=False, allow_blank=True, max_length=2_000)
