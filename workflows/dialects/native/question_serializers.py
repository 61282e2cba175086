"""How questions look in our own API, and what answers them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.description.graph import ObjectField
from workflows.engine.questions import MAX_REASON_CHARS
from workflows.http.fields import StringField
from workflows.http.paging import MAX_PAGE
from workflows.models import Question

SHOWN = (
    "question_id", "task_id", "kind", "status", "text", "node", "details", "default", "deadline", "answer",
    "answered_by", "created_at", "settled_at", "links",
)  # fmt: skip


class QuestionLinksSerializer(serializers.Serializer[Any]):
    """Paths on this server."""

    self = serializers.CharField()
    task = serializers.CharField()


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """A question, with its answer once there is one."""

    question_id = serializers.UUIDField(source="id", read_only=True)
    details = ObjectField(read_only=True, help_text="What it is about, and the `schema` of arguments or value.")
    default = ObjectField(read_only=True, help_text="The answer that holds once the deadline has passed.")
    answer = ObjectField(read_only=True, allow_null=True, help_text="`approved`, `reason`, `arguments`, `value`.")
    answered_by = serializers.SerializerMethodField(help_text="Null also where nobody answered in time.")
    links = serializers.SerializerMethodField()

    class Meta:
        model = Question
        fields = SHOWN
        read_only_fields = SHOWN

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_answered_by(self, question: Question) -> str | None:
        return question.answered_by.get_username() if question.answered_by else None

    @extend_schema_field(QuestionLinksSerializer)
    def get_links(self, question: Question) -> dict[str, str]:
        return {"self": f"/api/v1/questions/{question.pk}", "task": f"/api/v1/tasks/{question.task_id}"}


class QuestionPageSerializer(serializers.Serializer[Any]):
    """A page of the list."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = QuestionSerializer(many=True)


class QuestionFilterSerializer(serializers.Serializer[Any]):
    """The query of the list."""

    status = serializers.MultipleChoiceField(choices=Question.Status.choices, required=False)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=MAX_PAGE)


class ApproveSerializer(serializers.Serializer[Any]):
    """The body of an approval: nothing, or the arguments that take the place of those that were shown."""

    arguments = serializers.DictField(required=False)


class RejectSerializer(serializers.Serializer[Any]):
    """The body of a rejection."""

    reason = StringField(required=False, allow_blank=True, max_length=MAX_REASON_CHARS)


class AnswerSerializer(serializers.Serializer[Any]):
    """The body of an answer."""

    value = serializers.JSONField()
