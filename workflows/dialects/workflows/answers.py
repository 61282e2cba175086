"""What this dialect answers, for its description: `showing.py` and `frames.py` make it."""

from typing import Any

from rest_framework import serializers

from workflows.description.errors import TaskErrorSerializer
from workflows.description.streams import THREAD_ID, Frames
from workflows.dialects.workflows.serializers import ConfigSerializer, TaskSerializer
from workflows.models import Status

WORKFLOW_STATUSES = ["pending", *(status for status in Status.values if status != Status.QUEUED)]
TASK_STATUSES = ["pending", "running", "completed", "failed", "skipped", "cancelled"]


class WhySerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    message = serializers.CharField()


class TaskStateSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True, help_text="The `task_id` of its frames; null before the first run.")
    name = serializers.CharField()
    description = serializers.CharField()
    depends_on = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(TASK_STATUSES)
    result = serializers.JSONField(help_text="The value of its one output, or its outputs by name; null: none yet.")
    error = WhySerializer(allow_null=True)
    iteration = serializers.IntegerField(help_text="More than 1 for a follow-up task.")
    attempts = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)


class SummarySerializer(serializers.Serializer[Any]):
    """A workflow as lists show it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    status = serializers.ChoiceField(WORKFLOW_STATUSES, help_text="Of its latest run; `pending` once it was edited.")
    progress_percent = serializers.IntegerField(min_value=0, max_value=100)
    current_state = serializers.CharField(allow_blank=True)
    error = TaskErrorSerializer(allow_null=True)
    version = serializers.IntegerField(help_text="The newest.")
    run = serializers.IntegerField(allow_null=True, help_text="The number of the latest run.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)


class MetadataSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField(required=False, help_text="The run that was started.")
    task_id = serializers.UUIDField(required=False, help_text="The run as a task: `/api/v1/tasks/{id}`.")
    stream_url = serializers.CharField(required=False, help_text="With `stream=true`.")
    ignored = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Names in the body that nothing reads."
    )


class WorkflowAnswerSerializer(SummarySerializer):
    """A workflow with its tasks."""

    config = ConfigSerializer()
    tasks = TaskStateSerializer(many=True)
    results = serializers.DictField(child=serializers.JSONField(), help_text="By task.")
    metadata = MetadataSerializer()


class PageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class WorkflowPageSerializer(PageSerializer):
    results = SummarySerializer(many=True)


class RunLinksSerializer(serializers.Serializer[Any]):
    task = serializers.CharField()
    events = serializers.CharField()


class RunSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField()
    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(WORKFLOW_STATUSES)
    version = serializers.IntegerField(allow_null=True)
    progress_percent = serializers.IntegerField(min_value=0, max_value=100)
    error = TaskErrorSerializer(allow_null=True)
    rerun_of = serializers.UUIDField(allow_null=True, help_text="The task that a retry went on with.")
    started_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)
    links = RunLinksSerializer()


class RunPageSerializer(PageSerializer):
    results = RunSerializer(many=True)


class VersionSummarySerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    author = serializers.CharField()


class VersionPageSerializer(PageSerializer):
    results = VersionSummarySerializer(many=True)


class VersionSerializer(VersionSummarySerializer):
    """`tasks` or `workflow_graph`, as it was posted."""

    tasks = TaskSerializer(many=True, required=False)
    workflow_graph = serializers.JSONField(required=False)
    config = ConfigSerializer()


class RunDataSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField()
    rerun_of = serializers.UUIDField(allow_null=True, help_text="The task that a retry goes on with.")


class IterationSerializer(serializers.Serializer[Any]):
    iteration = serializers.IntegerField()
    depth = serializers.IntegerField(help_text="Iterations at most.")


class ReviewSerializer(serializers.Serializer[Any]):
    goal_met = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    added = serializers.ListField(child=serializers.CharField(), help_text="The follow-up tasks.")


class IterationCompletedSerializer(IterationSerializer):
    review = ReviewSerializer(allow_null=True, help_text="Null: the last iteration is not reviewed.")


class NodeRunSerializer(serializers.Serializer[Any]):
    iteration = serializers.IntegerField()
    run = serializers.IntegerField(help_text="More than 1 in a loop.")


class ResultSerializer(NodeRunSerializer):
    result = serializers.JSONField(help_text="The value of its one output, or its outputs by name.")
    duration_ms = serializers.IntegerField()
    truncated = serializers.BooleanField(required=False, help_text="The result was cut; the workflow has all of it.")
    taken_over = serializers.BooleanField(required=False, help_text="An earlier run made it.")


class FailureSerializer(NodeRunSerializer):
    error = WhySerializer()


class RetriedSerializer(NodeRunSerializer):
    attempt = serializers.IntegerField(help_text="The one that failed.")
    reason = serializers.CharField()
    delay_s = serializers.FloatField()


class SkippedSerializer(serializers.Serializer[Any]):
    iteration = serializers.IntegerField()
    because = serializers.CharField(help_text="The task that failed.")


class ResultsSerializer(serializers.Serializer[Any]):
    results = serializers.DictField(child=serializers.JSONField(), help_text="By task.")
    iterations = serializers.IntegerField()
    message = serializers.CharField()


class EndSerializer(serializers.Serializer[Any]):
    error = TaskErrorSerializer(required=False)
    cancelled = serializers.BooleanField(required=False, help_text="True, if somebody cancelled the run.")
    reason = serializers.CharField(required=False)


class ResetDataSerializer(serializers.Serializer[Any]):
    first_id = serializers.RegexField(THREAD_ID)
    snapshot = serializers.DictField()


ANYTHING = serializers.JSONField(
    help_text="`tasks`: the tasks and what they depend on; `finding`: a line out of a task's text; `stage`, `step`, "
    "`total_steps`: how far the planning is; `reason` or `problems`: why a model is asked again; "
    "`tool` with its `arguments`, or with its `result` or `error`; or null."
)

DATA: dict[str, serializers.Field[Any, Any, Any, Any]] = {
    "workflow_started": RunDataSerializer(),
    "iteration_started": IterationSerializer(),
    "task_started": NodeRunSerializer(),
    "task_progress": ANYTHING,
    "task_retrying": RetriedSerializer(),
    "task_completed": ResultSerializer(),
    "task_failed": FailureSerializer(),
    "task_skipped": SkippedSerializer(),
    "iteration_completed": IterationCompletedSerializer(),
    "workflow_paused": serializers.JSONField(help_text="Null."),
    "workflow_resumed": serializers.JSONField(help_text="Null."),
    "workflow_completed": ResultsSerializer(),
    "workflow_failed": EndSerializer(),
    "reset": ResetDataSerializer(),
}
"""`data` by the frame's name."""


class FrameSerializer(serializers.Serializer[Any]):
    """Every frame has all of these keys."""

    workflow_id = serializers.UUIDField()
    task_id = serializers.UUIDField(allow_null=True)
    task_name = serializers.CharField(allow_null=True)
    progress_percent = serializers.IntegerField(min_value=0, max_value=100)
    message = serializers.CharField(allow_blank=True)
    timestamp = serializers.DateTimeField()


class ConnectedSerializer(serializers.Serializer[Any]):
    """The first frame. It has neither a name nor an id."""

    status = serializers.ChoiceField(["connected"])
    workflow_id = serializers.UUIDField()


def _frame(name: str, **more: Any) -> type[serializers.Serializer[Any]]:
    words = "".join(word.capitalize() for word in name.split("_"))
    fields = {"event_type": serializers.ChoiceField([name]), "data": DATA[name], "__module__": __name__, **more}
    return type(f"{words}FrameSerializer", (FrameSerializer,), fields)


class EventSerializer(FrameSerializer):
    """A frame's data with its id; `data` is that of the frame `event_type`."""

    id = serializers.RegexField(THREAD_ID)
    event_type = serializers.ChoiceField([name for name in DATA if name != "reset"])
    data = serializers.JSONField()  # type: ignore[assignment]


class EventPageSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)
    last_event_id = serializers.CharField(help_text="Send it as `after` for what follows.")
    has_next = serializers.BooleanField()


FRAMES = Frames(
    "WorkflowsFrame",
    {"message": ConnectedSerializer, **{name: _frame(name) for name in DATA}},
    without_id=("message", "reset"),
    of_thread=True,
    example="""\
retry: 2000
data: {"status":"connected","workflow_id":"6d1f0e6a-5a0b-4c5e-8f60-0a4c2f6a9d11"}

id: 1-1
event: workflow_started
data: {"event_type":"workflow_started","workflow_id":"6d1f0e6a-5a0b-4c5e-8f60-0a4c2f6a9d11","task_id":null,\
"task_name":null,"progress_percent":0,"message":"Starting workflow: Research AI","data":{"run":1,"rerun_of":null},\
"timestamp":"2026-11-21T12:24:51.152Z"}

id: 1-6
event: task_started
data: {"event_type":"task_started","workflow_id":"6d1f0e6a-5a0b-4c5e-8f60-0a4c2f6a9d11",\
"task_id":"0f37f871-f098-5598-bc69-fedc681668e3","task_name":"plan","progress_percent":0,\
"message":"Starting task: plan","data":{"iteration":1,"run":1},"timestamp":"2026-11-21T12:24:51.152Z"}

id: 1-11
event: task_completed
data: {"event_type":"task_completed","workflow_id":"6d1f0e6a-5a0b-4c5e-8f60-0a4c2f6a9d11",\
"task_id":"0f37f871-f098-5598-bc69-fedc681668e3","task_name":"plan","progress_percent":50,\
"message":"Completed: plan","data":{"result":"Plan result: research and ai. This is a text of the demo model; a \
real model would write it here. (demo)","iteration":1,"run":1,"duration_ms":271},\
"timestamp":"2026-11-21T12:24:51.152Z"}

id: 1-22
event: workflow_completed
data: {"event_type":"workflow_completed","workflow_id":"6d1f0e6a-5a0b-4c5e-8f60-0a4c2f6a9d11","task_id":null,\
"task_name":null,"progress_percent":100,"message":"Workflow completed successfully",\
"data":{"results":{"plan":"Plan result: research and ai. This is a text of the demo model; a real model would \
write it here. (demo)","research_diagnostics":"Research diagnostics result: research and ai. This is a text of \
the demo model; a real model would write it here. (demo)"},"iterations":1,\
"message":"Workflow executed by the demo model"},"timestamp":"2026-11-21T12:24:51.152Z"}

""",
)
