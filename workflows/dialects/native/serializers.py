"""How tasks look in our own API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.description.errors import TaskErrorSerializer
from workflows.description.graph import ObjectField
from workflows.http.fields import StringField
from workflows.http.mcp_config import McpConfigField
from workflows.http.paging import MAX_PAGE
from workflows.models import Job, Status, Task

LISTED = (
    "task_id", "job", "goal", "status", "progress", "current_state", "error", "usage", "cost_usd", "model_calls",
    "unpriced_calls", "budget", "session_id", "thread_id", "run_no", "rerun_of_id", "last_seq", "timeout_seconds",
    "created_at", "started_at", "ended_at", "links",
)  # fmt: skip


class UsageSerializer(serializers.Serializer[Any]):
    """Tokens."""

    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()


class TaskBudgetSerializer(serializers.Serializer[Any]):
    """What the task may take at most; null: as much as it needs."""

    tokens = serializers.IntegerField(allow_null=True)
    cost_usd = serializers.FloatField(allow_null=True)


class LinksSerializer(serializers.Serializer[Any]):
    """Paths on this server."""

    self = serializers.CharField()
    events = serializers.CharField()
    stream = serializers.CharField()


class TaskSerializer(serializers.ModelSerializer[Task]):
    """A task without its result, as lists show it."""

    task_id = serializers.UUIDField(source="id", read_only=True)
    error = TaskErrorSerializer(read_only=True, allow_null=True)
    usage = serializers.SerializerMethodField()
    budget = serializers.SerializerMethodField()
    cost_usd = serializers.FloatField(read_only=True, help_text="Without the `unpriced_calls`.")
    links = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields: tuple[str, ...] = LISTED
        read_only_fields: tuple[str, ...] = LISTED

    @extend_schema_field(UsageSerializer)
    def get_usage(self, task: Task) -> dict[str, int]:
        return {
            "prompt_tokens": task.prompt_tokens,
            "completion_tokens": task.completion_tokens,
            "total_tokens": task.prompt_tokens + task.completion_tokens,
        }

    @extend_schema_field(TaskBudgetSerializer)
    def get_budget(self, task: Task) -> dict[str, float | None]:
        return {"tokens": task.budget_tokens, "cost_usd": None if task.budget_usd is None else float(task.budget_usd)}

    @extend_schema_field(LinksSerializer)
    def get_links(self, task: Task) -> dict[str, str]:
        here = f"/api/v1/tasks/{task.pk}"
        return {"self": here, "events": f"{here}/events", "stream": f"{here}/events/stream"}


class TaskDetailSerializer(TaskSerializer):
    """A task with its result."""

    params = ObjectField(read_only=True)
    result = ObjectField(read_only=True, allow_null=True, help_text="Its shape is the job's.")

    class Meta(TaskSerializer.Meta):
        fields = (*LISTED, "params", "result")
        read_only_fields = fields


class TaskPageSerializer(serializers.Serializer[Any]):
    """A page of the list."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TaskSerializer(many=True)


class EventSerializer(serializers.Serializer[Any]):
    """An event, the same in lists and in streams."""

    seq = serializers.IntegerField(min_value=1)
    kind = serializers.CharField()
    task_id = serializers.UUIDField()
    session_id = serializers.UUIDField(allow_null=True)
    timestamp = serializers.DateTimeField()
    data = serializers.JSONField()  # type: ignore[assignment]


class EventListSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)
    last_seq = serializers.IntegerField(help_text="Of the page's last event, to be sent as the next `after`.")
    has_next = serializers.BooleanField()


class TaskFilterSerializer(serializers.Serializer[Any]):
    """The query of the list."""

    status = serializers.MultipleChoiceField(choices=Status.choices, required=False)
    job = serializers.ChoiceField(choices=Job.choices, required=False)
    session_id = serializers.UUIDField(required=False)
    q = serializers.CharField(required=False, allow_blank=True, max_length=200)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=MAX_PAGE)


class EventPageSerializer(serializers.Serializer[Any]):
    """The query of the events' list."""

    after = serializers.IntegerField(required=False, min_value=0, max_value=2**62, default=0)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=1000, default=100)


class TicketSerializer(serializers.Serializer[Any]):
    """The body of a request for a stream ticket: the stream's address, without the host."""

    stream = StringField(max_length=2000)


class TicketIssuedSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    stream_url = serializers.CharField(help_text="The stream's path, with the ticket in it.")
    expires_in = serializers.IntegerField(help_text="Seconds, until it has to be used.")


class KeySerializer(serializers.Serializer[Any]):
    openai_key = StringField(max_length=1000)


class RerunSerializer(serializers.Serializer[Any]):
    """The body of a rerun: the caller's model key again, where the task ran with one, and so the headers of MCP
    servers; and of a workflow's execution the
    nodes that are to run again, and inputs that take the place of the earlier ones."""

    llm_config = KeySerializer(required=False)
    mcp_config = McpConfigField(required=False, allow_null=True)
    nodes = serializers.ListField(child=StringField(max_length=200), required=False, max_length=1000)
    inputs = serializers.DictField(required=False)
