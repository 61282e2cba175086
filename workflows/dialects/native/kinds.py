"""What the data of each kind of event holds, for the API description. In words: `docs/events.md`."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from workflows.description.errors import TaskErrorSerializer
from workflows.description.graph import ResultSerializer
from workflows.description.streams import Frames
from workflows.dialects.native.execution_kinds import EXECUTION_DATA, StandingFields
from workflows.dialects.native.serializers import EventSerializer, UsageSerializer
from workflows.engine import keys
from workflows.engine.generation.stages import STAGES as GENERATION_STAGES
from workflows.engine.teams.definition import BY_DEFAULT, BY_MODEL, BY_RULE
from workflows.events import Kind
from workflows.models import Job, Question, Status

STAGES = (*GENERATION_STAGES, keys.STAGE, keys.REVIEW, keys.AGENT, keys.TEAM)


class DataSerializer(serializers.Serializer[Any]):
    """What all of them may have."""

    truncated = serializers.BooleanField(required=False, help_text="Something was too long for an event, and is cut.")


class SubmittedSerializer(DataSerializer):
    job = serializers.ChoiceField(Job.values)
    goal = serializers.CharField()
    timeout_seconds = serializers.FloatField()
    ignored = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Names in the request that nothing reads."
    )
    run = serializers.IntegerField(required=False, min_value=1, help_text="Its number in its thread.")
    rerun_of = serializers.UUIDField(required=False, help_text="The task that this one runs again.")


class ProgressedSerializer(StandingFields, DataSerializer):
    """How far the task had come: no event but `task.progress` takes it further."""


class StartedSerializer(ProgressedSerializer):
    attempt = serializers.IntegerField(min_value=1)


class HeldSerializer(ProgressedSerializer):
    """Its worker was lost, or somebody pauses it."""

    reason = serializers.CharField()


class PausedSerializer(ProgressedSerializer):
    reason = serializers.CharField(required=False)


class ProgressSerializer(ProgressedSerializer):
    current_state = serializers.CharField(help_text="A sentence.")
    step = serializers.IntegerField(help_text="The number of the stage; of an execution, the nodes that are done.")
    total_steps = serializers.IntegerField()
    stage = serializers.ChoiceField(STAGES)
    node = serializers.CharField(allow_null=True)


class TotalsSerializer(DataSerializer):
    """What a task took."""

    usage = UsageSerializer()
    cost_usd = serializers.FloatField(help_text="Without the unpriced calls.")
    model_calls = serializers.IntegerField()
    unpriced_calls = serializers.IntegerField()


class CompletedSerializer(TotalsSerializer):
    result = ResultSerializer()


class EndedSerializer(ProgressedSerializer):
    iterations = serializers.IntegerField(required=False, help_text="Of an agent's turn: those that were begun.")


class FailedSerializer(TotalsSerializer, EndedSerializer):
    error = TaskErrorSerializer()


class ReasonSerializer(DataSerializer):
    reason = serializers.CharField()


class CancelledSerializer(ReasonSerializer, EndedSerializer):
    pass


class ChildSerializer(DataSerializer):
    parent = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="Of an agent or a workflow that a tool call asked for: that call."
    )


class CallSerializer(ChildSerializer):
    """An event of a call to a model."""

    call = serializers.CharField(help_text="The call's name, the same on every replay: `plan/1`.")
    stage = serializers.ChoiceField(STAGES)
    node = serializers.CharField(allow_null=True, help_text="Null while planning and reviewing.")


class CallStartedSerializer(CallSerializer, ProgressedSerializer):
    model = serializers.CharField()
    provider = serializers.CharField()


class CallMadeSerializer(CallStartedSerializer):
    messages = serializers.IntegerField(min_value=1, help_text="That the model is given.")
    estimated_cost_usd = serializers.FloatField(
        allow_null=True, help_text="The most that is reserved for it, or its prompt at most; null: no price is known."
    )


class TextSerializer(CallSerializer):
    index = serializers.IntegerField(
        required=False, help_text="Counts the call's pieces from 0; again from 0 where the call begins anew."
    )
    text = serializers.CharField()
    first_seq = serializers.IntegerField(required=False, help_text="The first event whose text is joined in this one.")


class RetriedSerializer(CallSerializer, ProgressedSerializer):
    attempt = serializers.IntegerField(min_value=1, help_text="The one that failed.")
    reason = serializers.CharField()
    status = serializers.IntegerField(allow_null=True, help_text="Of HTTP.")
    delay_s = serializers.FloatField(help_text="Seconds until the next attempt.")


class CallCompletedSerializer(CallStartedSerializer):
    usage = UsageSerializer(allow_null=True, help_text="Null: the endpoint does not count.")
    latency_ms = serializers.IntegerField()
    first_token_ms = serializers.IntegerField(allow_null=True)
    cost_usd = serializers.FloatField(allow_null=True)
    price = serializers.ChoiceField(["known", "unknown"])
    prices_date = serializers.DateField()
    content = serializers.CharField(required=False, allow_blank=True, help_text="Of an agent's turn: the reply.")
    tool_calls = serializers.ListField(child=serializers.DictField(), required=False, help_text="Likewise.")
    total_cost_usd = serializers.FloatField(required=False, help_text="Likewise: of the task so far.")
    demo = serializers.BooleanField()


class RejectedSerializer(CallSerializer, ProgressedSerializer):
    attempt = serializers.IntegerField(min_value=1)
    problems = serializers.ListField(child=serializers.CharField(), help_text="Sentences.")


class ToolCallSerializer(ChildSerializer):
    """An event of a call of a tool."""

    call = serializers.CharField(help_text="The call's name, the same on every replay: `tool/1/collect/1/1/0`.")
    stage = serializers.ChoiceField(STAGES)
    node = serializers.CharField(allow_null=True)
    tool = serializers.CharField(help_text="As the model called it: there may be none of this name.")
    tool_call_id = serializers.CharField(help_text="The id that the model gave the call.")


class WaitingSerializer(ProgressedSerializer):
    questions = serializers.IntegerField(help_text="How many wait for an answer.")


class QuestionEventSerializer(ProgressedSerializer):
    """An event of a question to people."""

    question = serializers.UUIDField(help_text="Its id: `GET /api/v1/questions/{id}`.")
    kind = serializers.ChoiceField(Question.Kind.choices)
    stage = serializers.ChoiceField(STAGES)
    node = serializers.CharField(allow_null=True)
    call = serializers.CharField(required=False, help_text="The tool's call that it is about.")
    node_run = serializers.CharField(required=False, help_text="The node's run that it is about.")


class AskedSerializer(QuestionEventSerializer):
    text = serializers.CharField(help_text="What is asked, a sentence.")
    tool = serializers.CharField(required=False)
    tool_call_id = serializers.CharField(required=False, help_text="The id that the model gave the call.")
    side_effects = serializers.BooleanField(required=False, help_text="Whether the tool changes anything outside.")
    interrupted = serializers.BooleanField(required=False, help_text="It had begun when its worker was lost.")
    arguments = serializers.DictField(required=False, help_text="By name, long ones cut.")
    choices = serializers.ListField(required=False, help_text="What may be answered.")
    deadline = serializers.DateTimeField(help_text="Then the default is taken.")


class SettledSerializer(QuestionEventSerializer):
    approved = serializers.BooleanField(required=False, help_text="Of an approval.")
    reason = serializers.CharField(required=False, allow_blank=True)
    arguments = serializers.DictField(required=False, help_text="Those that were given instead, long ones cut.")
    value = serializers.JSONField(required=False, allow_null=True, help_text="Of a question for input.")


class AnsweredSerializer(SettledSerializer):
    by = serializers.CharField(help_text="Who answered.")


class McpListedSerializer(ProgressedSerializer):
    """An MCP server that the request brought along was asked for its tools."""

    server = serializers.CharField(help_text="The name that the request gave it.")
    ok = serializers.BooleanField(help_text="Whether it could be reached.")
    tools = serializers.ListField(child=serializers.CharField(), help_text="The server's names of the first ones.")
    total = serializers.IntegerField(min_value=0, help_text="How many tools there are.")
    error = serializers.CharField(required=False, help_text="What is wrong with it.")


class ToolStartedSerializer(ToolCallSerializer, ProgressedSerializer):
    arguments = serializers.DictField(help_text="By name, long ones cut.")


class ToolCompletedSerializer(ToolStartedSerializer):
    ok = serializers.BooleanField(help_text="Whether the tool did its work.")
    result = serializers.CharField(required=False, allow_blank=True, help_text="Where it did.")
    error = serializers.CharField(required=False, help_text="Where it did not: a sentence for the model.")
    duration_ms = serializers.IntegerField()


class AgentStartedSerializer(ProgressedSerializer):
    agent = serializers.CharField(help_text="Its name.")
    goal = serializers.CharField()
    max_iterations = serializers.IntegerField(min_value=1)
    budget_usd = serializers.FloatField(allow_null=True)


class IterationSerializer(ChildSerializer, ProgressedSerializer):
    iteration = serializers.IntegerField(min_value=1)


class AgentIterationStartedSerializer(IterationSerializer):
    max_iterations = serializers.IntegerField(min_value=1)
    budget_remaining_usd = serializers.FloatField(allow_null=True)


class AgentIterationCompletedSerializer(IterationSerializer):
    total_cost_usd = serializers.FloatField(help_text="Of the task so far.")


class PlanStepSerializer(serializers.Serializer[Any]):
    step = serializers.CharField()
    done = serializers.BooleanField()


class AgentPlannedSerializer(ChildSerializer, ProgressedSerializer):
    call = serializers.CharField(help_text="The tool call that changed it.")
    plan = PlanStepSerializer(many=True)


class PlannedNodeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    inputs = serializers.ListField(child=serializers.CharField())
    outputs = serializers.ListField(child=serializers.CharField())


class PlannedEdgeSerializer(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField()


class PlanSerializer(ProgressedSerializer):
    nodes = PlannedNodeSerializer(many=True)
    edges = PlannedEdgeSerializer(many=True)


class NodeStaffedSerializer(ProgressedSerializer):
    node = serializers.CharField()
    agents = serializers.ListField(child=serializers.CharField(), help_text="Their names.")


class TeamStartedSerializer(ProgressedSerializer):
    team = serializers.CharField()
    participants = serializers.ListField(child=serializers.CharField(), help_text="Their names.")
    planner = serializers.CharField()
    max_messages = serializers.IntegerField(min_value=2, help_text="The question counts.")


class SpeakerSelectedSerializer(ProgressedSerializer):
    speaker = serializers.CharField()
    turn = serializers.IntegerField(min_value=1)
    by = serializers.ChoiceField(
        [BY_RULE, BY_MODEL, BY_DEFAULT], help_text="`default`: the model named nobody who could speak."
    )


class TeamMessageSerializer(ProgressedSerializer):
    speaker = serializers.CharField()
    turn = serializers.IntegerField(min_value=1)
    text = serializers.CharField()


class BudgetSerializer(StandingFields):
    scope = serializers.ChoiceField(["task", "group"])
    unit = serializers.ChoiceField(["tokens", "cost_usd"])
    used = serializers.FloatField(help_text="With what is reserved.")
    limit = serializers.FloatField()
    usage_percentage = serializers.FloatField()
    message = serializers.CharField()


class SnapshotSerializer(serializers.Serializer[Any]):
    """The task as it is now."""

    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(Status.values)
    progress = serializers.IntegerField()
    current_state = serializers.CharField()
    result = ResultSerializer(allow_null=True)
    error = TaskErrorSerializer(allow_null=True)


class ResetSerializer(serializers.Serializer[Any]):
    first_id = serializers.IntegerField(help_text="The first id on offer.")
    snapshot = SnapshotSerializer()


DATA: Mapping[Kind, type[serializers.Serializer[Any]]] = {
    Kind.TASK_SUBMITTED: SubmittedSerializer,
    Kind.TASK_STARTED: StartedSerializer,
    Kind.TASK_REQUEUED: HeldSerializer,
    Kind.TASK_PROGRESS: ProgressSerializer,
    Kind.TASK_PAUSING: HeldSerializer,
    Kind.TASK_PAUSED: PausedSerializer,
    Kind.TASK_PAUSE_WITHDRAWN: ProgressedSerializer,
    Kind.TASK_RESUMED: ProgressedSerializer,
    Kind.TASK_COMPLETED: CompletedSerializer,
    Kind.TASK_FAILED: FailedSerializer,
    Kind.TASK_CANCELLED: CancelledSerializer,
    Kind.TASK_WAITING: WaitingSerializer,
    Kind.QUESTION_ASKED: AskedSerializer,
    Kind.QUESTION_ANSWERED: AnsweredSerializer,
    Kind.QUESTION_EXPIRED: SettledSerializer,
    Kind.MODEL_STARTED: CallMadeSerializer,
    Kind.MODEL_TEXT: TextSerializer,
    Kind.MODEL_RETRIED: RetriedSerializer,
    Kind.MODEL_REJECTED: RejectedSerializer,
    Kind.MODEL_COMPLETED: CallCompletedSerializer,
    Kind.BUDGET_WARNING: BudgetSerializer,
    Kind.BUDGET_EXCEEDED: BudgetSerializer,
    Kind.MCP_LISTED: McpListedSerializer,
    Kind.TOOL_STARTED: ToolStartedSerializer,
    Kind.TOOL_OUTPUT: TextSerializer,
    Kind.TOOL_COMPLETED: ToolCompletedSerializer,
    Kind.AGENT_STARTED: AgentStartedSerializer,
    Kind.AGENT_ITERATION_STARTED: AgentIterationStartedSerializer,
    Kind.AGENT_ITERATION_COMPLETED: AgentIterationCompletedSerializer,
    Kind.AGENT_PLANNED: AgentPlannedSerializer,
    Kind.PLAN_COMPLETED: PlanSerializer,
    Kind.NODE_COMPLETED: NodeStaffedSerializer,
    Kind.TEAM_STARTED: TeamStartedSerializer,
    Kind.TEAM_SPEAKER_SELECTED: SpeakerSelectedSerializer,
    Kind.TEAM_MESSAGE: TeamMessageSerializer,
    **EXECUTION_DATA,
}
"""Of every kind that tells of a task."""


def _frame(kind: Kind, data: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The event of this kind, whole."""
    words = "".join(word.capitalize() for word in kind.value.replace("_", ".").split("."))
    fields = {"kind": serializers.ChoiceField([kind.value]), "data": data(), "__module__": __name__}
    return type(f"{words}EventSerializer", (EventSerializer,), fields)


FRAMES = Frames(
    "NativeFrame",
    {**{kind.value: _frame(kind, data) for kind, data in DATA.items()}, "reset": ResetSerializer},
    example="""\
retry: 2000
id: 1
event: task.submitted
data: {"seq":1,"kind":"task.submitted","task_id":"4f2f6c0e-51f2-4b8c-8a6f-4f0ad1a2c7d9","session_id":null,\
"timestamp":"2026-11-21T09:01:55.485Z","data":{"job":"workflow_generation","goal":"Translate the manual",\
"timeout_seconds":300,"ignored":["colour","llm_config.sharpness"]}}

id: 2
event: task.started
data: {"seq":2,"kind":"task.started","task_id":"4f2f6c0e-51f2-4b8c-8a6f-4f0ad1a2c7d9","session_id":null,\
"timestamp":"2026-11-21T09:01:55.490Z","data":{"attempt":1,"progress":0}}

id: 3
event: task.progress
data: {"seq":3,"kind":"task.progress","task_id":"4f2f6c0e-51f2-4b8c-8a6f-4f0ad1a2c7d9","session_id":null,\
"timestamp":"2026-11-21T09:01:55.495Z","data":{"progress":5,"current_state":"Planning the workflow","step":1,\
"total_steps":3,"stage":"plan","node":null}}

id: 4
event: model.started
data: {"seq":4,"kind":"model.started","task_id":"4f2f6c0e-51f2-4b8c-8a6f-4f0ad1a2c7d9","session_id":null,\
"timestamp":"2026-11-21T09:01:55.502Z","data":{"progress":5,"step":1,"total_steps":3,"call":"plan/1","stage":"plan",\
"node":null,"model":"demo","provider":"demo","messages":2,"estimated_cost_usd":0.00114465}}

""",
)
