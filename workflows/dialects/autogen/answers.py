"""The frames of this dialect's streams, for the API description."""

from typing import Any

from rest_framework import serializers

from workflows.description.graph import ObjectField
from workflows.description.streams import UNNAMED, Frames, responses
from workflows.dialects.autogen.frames import EVENT_TYPES
from workflows.models import Status


class DataSerializer(serializers.Serializer[Any]):
    """What there is depends on the type: `docs/dialects/autogen.md`."""

    progress = serializers.IntegerField(min_value=0, max_value=100, help_text="In percent; it never falls.")
    question = serializers.CharField(required=False)
    tool_name = serializers.CharField(required=False)
    parameters = ObjectField(required=False, help_text="By name; a text where they are too long for a frame.")
    final_response = serializers.CharField(required=False, allow_blank=True, help_text="Without the termination text.")
    total_messages = serializers.IntegerField(required=False, help_text="The question counts.")
    response_length = serializers.IntegerField(required=False, help_text="Characters of the whole final response.")
    stop_reason = serializers.CharField(required=False)
    error = serializers.CharField(required=False, help_text="A sentence.")
    truncated = serializers.BooleanField(required=False, help_text="Something is cut; the task has all of it.")
    task_id = serializers.UUIDField(required=False, help_text="Of a `reset`, as what follows.")
    status = serializers.ChoiceField(Status.values, required=False)
    first_id = serializers.IntegerField(required=False)
    last_event_id = serializers.IntegerField(required=False)


class EventSerializer(serializers.Serializer[Any]):
    event_type = serializers.ChoiceField(EVENT_TYPES)
    timestamp = serializers.DateTimeField()
    agent_name = serializers.CharField(help_text="`System` where no agent speaks.")
    message = serializers.CharField()
    data = DataSerializer()  # type: ignore[assignment]


class EnvelopeSerializer(serializers.Serializer[Any]):
    event = EventSerializer()


FRAMES = Frames(
    "AutogenFrame",
    {UNNAMED: EnvelopeSerializer},
    example="""\
retry: 2000
id: 1
data: {"event":{"event_type":"started","timestamp":"2026-11-21T09:01:55.485Z","agent_name":"System",\
"message":"The question is with the team","data":{"question":"Generate a monthly business report for our sales \
performance","progress":0}}}

id: 5
data: {"event":{"event_type":"agent_thinking","timestamp":"2026-11-21T09:01:55.502Z","agent_name":"PlanningAgent",\
"message":"PlanningAgent is thinking","data":{"progress":25}}}

""",
)

REHEARSAL_FRAMES = Frames(
    "AutogenTestFrame",
    {UNNAMED: EnvelopeSerializer},
    without_id=(UNNAMED,),
    example="""\
retry: 2000
data: {"event":{"event_type":"agent_thinking","timestamp":"2026-11-21T09:01:55.502Z","agent_name":"PlanningAgent",\
"message":"Test: PlanningAgent is thinking","data":{"progress":25}}}

""",
)
REHEARSAL = {answer: told for answer, told in responses(REHEARSAL_FRAMES).items() if answer != 204}

REQUESTS = {
    "The document's question": {"question": "Generate a monthly business report for our sales performance"},
    "A short one": {"question": "Which region sells most?"},
}
