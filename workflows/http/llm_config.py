"""The model that a request asks for, as the field `llm_config` that all dialects share."""

from typing import Any

from rest_framework import serializers

from workflows.http.fields import EndpointField, NumberField, StringField, TrueOrFalseField, WholeNumberField


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
