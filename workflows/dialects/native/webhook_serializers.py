"""How webhooks and their deliveries look in our own API."""

from typing import Any

from rest_framework import serializers

from workflows.http.fields import StringField, TrueOrFalseField, WholeNumberField
from workflows.http.paging import MAX_PAGE
from workflows.models import Delivery, Webhook
from workflows.models.webhook import STATES
from workflows.services.webhooks import DEFAULT_TYPES, kinds_for


class TypesField(serializers.ListField):
    """Globs over the kinds of events. One that names no kind is a mistake."""

    child = StringField(max_length=100)

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_length": 1, "max_length": 50, **options})

    def to_internal_value(self, data: Any) -> list[str]:
        types: list[str] = super().to_internal_value(data)
        for glob in types:
            if glob not in DEFAULT_TYPES and not kinds_for([glob]):
                raise serializers.ValidationError(
                    f"{glob!r} is no kind of event, and as a pattern it names none. docs/events.md lists them; pieces "
                    "of text have to be named in full.",
                    code="unknown_kind",
                )
        return types


class WebhookChangesSerializer(serializers.Serializer[Any]):
    """The body of a change: what is to be different."""

    name = StringField(required=False, max_length=100)
    url = StringField(required=False, max_length=2000)
    types = TypesField(required=False)
    is_active = TrueOrFalseField(required=False)


class NewWebhookSerializer(serializers.Serializer[Any]):
    """The body of a registration."""

    name = StringField(max_length=100)
    url = StringField(max_length=2000, help_text="Where events are posted to. `https://`, but for a trial.")
    types = TypesField(default=list(DEFAULT_TYPES))


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """A webhook. Its secret is shown when it is made and when it is rotated, and never again."""

    webhook_id = serializers.UUIDField(source="id", read_only=True)
    types = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Webhook
        fields: tuple[str, ...] = (
            "webhook_id", "name", "url", "types", "is_active", "disabled_reason", "former_until", "created_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class WebhookIssuedSerializer(WebhookSerializer):
    """A webhook with its secret, this once."""

    secret = serializers.CharField(help_text="`whsec_…`. Give it to the receiver.")

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")
        read_only_fields = fields


class WebhookListSerializer(serializers.Serializer[Any]):
    webhooks = WebhookSerializer(many=True)


class TestedSerializer(serializers.Serializer[Any]):
    """What became of a test."""

    accepted = serializers.BooleanField(help_text="Whether the receiver answered with a 2xx.")
    status = serializers.IntegerField(allow_null=True, help_text="Of its answer; null if there was none.")
    said = serializers.CharField(allow_blank=True, help_text="The beginning of its answer, or why there was none.")


class ReplaySerializer(serializers.Serializer[Any]):
    """Which task's events are to be delivered again, and after which of them."""

    task_id = serializers.UUIDField()
    after = WholeNumberField(default=0, min_value=0, max_value=2**62)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """How far a webhook is with a task."""

    task_id = serializers.UUIDField(read_only=True)
    state = serializers.ChoiceField(choices=list(STATES), read_only=True)

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            "task_id", "state", "last_seq", "pruned_seq", "accepted", "attempts", "first_failed_at", "next_attempt_at",
            "last_attempt_at", "last_status", "last_error", "given_up_at", "done_at", "created_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class DeliveryPageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = DeliverySerializer(many=True)


class PageSizeSerializer(serializers.Serializer[Any]):
    """The query of the list of deliveries."""

    page_size = serializers.IntegerField(required=False, min_value=1, max_value=MAX_PAGE)
