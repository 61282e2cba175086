"""What requests of this dialect hold."""

from typing import Any, Final

from rest_framework import serializers

from workflows.engine.graphs.policies import MAX_RETRIES, MAX_TIMEOUT_S
from workflows.engine.graphs.templates import IDENTIFIER
from workflows.http.budget import BudgetSerializer
from workflows.http.fields import NumberField, StringField, TimeoutField, WholeNumberField
from workflows.http.llm_config import LLMConfigSerializer
from workflows.http.paging import MAX_PAGE

MAX_NAME: Final = 500
MAX_TASK_NAME: Final = 64
MAX_TASKS: Final = 1000
MAX_DEPENDENCIES: Final = 100
MAX_DEPTH: Final = 20
MAX_BREADTH: Final = 20

NOT_AN_OBJECT: Final[dict[str, Any]] = {"invalid": "Must be a JSON object."}


class ConfigSerializer(serializers.Serializer[Any]):
    """How far a workflow may grow: `depth` iterations at most, with up to `breadth` follow-up tasks after each."""

    default_error_messages = NOT_AN_OBJECT

    breadth = WholeNumberField(default=3, min_value=0, max_value=MAX_BREADTH)
    depth = WholeNumberField(default=1, min_value=1, max_value=MAX_DEPTH)


class TaskSerializer(serializers.Serializer[Any]):
    """One task of a workflow. Its agent is told the workflow's name and the results of what it depends on."""

    default_error_messages = NOT_AN_OBJECT

    name = StringField(max_length=MAX_TASK_NAME)
    description = StringField(required=False, allow_blank=True, max_length=10_000)
    prompt = StringField(required=False, allow_blank=True, max_length=50_000)
    depends_on = serializers.ListField(child=StringField(), required=False, max_length=MAX_DEPENDENCIES)
    agent = StringField(required=False, allow_null=True, allow_blank=True, max_length=200)
    tools = serializers.ListField(child=StringField(max_length=200), required=False, allow_null=True, max_length=100)
    timeout_seconds = NumberField(required=False, allow_null=True)
    retries = WholeNumberField(required=False, allow_null=True, min_value=0, max_value=MAX_RETRIES)

    def validate_name(self, value: str) -> str:
        if not IDENTIFIER.fullmatch(value):
            raise serializers.ValidationError(
                f"The task name {value!r} must be letters, digits and underscores, not starting with a digit.",
                code="string_pattern_mismatch",
            )
        return value

    def validate_timeout_seconds(self, value: float | None) -> float | None:
        if value is not None and not 0 < value <= MAX_TIMEOUT_S:
            raise serializers.ValidationError(
                f"Must be more than 0 and at most {MAX_TIMEOUT_S} seconds.", code="out_of_range"
            )
        return value


class WorkflowSerializer(serializers.Serializer[Any]):
    """A workflow: its tasks (none: they are planned from the name), or a `workflow_graph`."""

    name = StringField(required=False, max_length=MAX_NAME)
    tasks = TaskSerializer(  # type: ignore[call-arg]  # the stubs do not know that `many` takes it
        many=True,
        required=False,
        max_length=MAX_TASKS,
        error_messages={
            **NOT_AN_OBJECT,
            "not_a_list": "Must be a list of tasks.",
            "max_length": f"A workflow has at most {MAX_TASKS} tasks. Split it into several workflows.",
        },
    )
    workflow_graph = serializers.JSONField(required=False)
    config = ConfigSerializer(required=False, allow_null=True)


class GraphSerializer(serializers.Serializer[Any]):
    """A graph to be drawn."""

    workflow_graph = serializers.JSONField()


class ExecuteSerializer(serializers.Serializer[Any]):
    """The body of an execution, all of it optional: inputs by name, the model, a timeout in seconds, a budget."""

    inputs = serializers.DictField(required=False, allow_null=True)
    llm_config = LLMConfigSerializer(required=False, allow_null=True)
    timeout = TimeoutField()
    budget = BudgetSerializer(required=False, allow_null=True)


class KeySerializer(serializers.Serializer[Any]):
    """The caller's model key again: it was wiped when the run ended."""

    openai_key = StringField(max_length=1000)


class RetrySerializer(serializers.Serializer[Any]):
    """The body of a retry, all of it optional: tasks that are to run again, and inputs that replace earlier ones."""

    nodes = serializers.ListField(child=StringField(max_length=200), required=False, max_length=MAX_TASKS)
    inputs = serializers.DictField(required=False)
    llm_config = KeySerializer(required=False)


class StreamFlagSerializer(serializers.Serializer[Any]):
    """The query of an execution: `stream=true` asks for the stream's address."""

    stream = serializers.BooleanField(default=False)


class PageSizeSerializer(serializers.Serializer[Any]):
    """The query of a list."""

    page_size = serializers.IntegerField(required=False, min_value=1, max_value=MAX_PAGE)


class ListSerializer(PageSizeSerializer):
    """The query of the list of workflows."""

    q = serializers.CharField(required=False, max_length=200)


class EventsSerializer(serializers.Serializer[Any]):
    """The query of the events' list. `after` is an event's id, `<run>-<seq>`."""

    after = serializers.CharField(required=False, max_length=40)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=1000, default=100)
