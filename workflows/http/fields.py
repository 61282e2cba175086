"""Serializer fields that take the JSON type they name, and no other that could be turned into it."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty


class StringField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Must be a string.", code="string_type")
        return super().to_internal_value(data)


class NumberField(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, (int, float)):
            raise serializers.ValidationError("Must be a number.", code="float_type")
        return super().to_internal_value(data)


@extend_schema_field(
    {"type": "number", "exclusiveMinimum": 0, "maximum": settings.TASK_TIMEOUT_MAX_SECONDS, "description": "Seconds."}
)
class TimeoutField(NumberField):
    """How long a task may take, from acceptance on; the server's default where a request names none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"default": None, "allow_null": True, **options})

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        is_empty, value = super().validate_empty_values(data)
        return is_empty, settings.TASK_TIMEOUT_SECONDS if is_empty and value is None else value

    def to_internal_value(self, data: Any) -> float:
        seconds = super().to_internal_value(data)
        if not 0 < seconds <= settings.TASK_TIMEOUT_MAX_SECONDS:
            raise serializers.ValidationError(
                f"Must be more than 0 and at most {settings.TASK_TIMEOUT_MAX_SECONDS} seconds.", code="out_of_range"
            )
        return seconds


class WholeNumberField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        # In JSON 2.0 is a whole number too (JSON Schema, "integer").
        if isinstance(data, bool) or not (isinstance(data, int) or (isinstance(data, float) and data.is_integer())):
            raise serializers.ValidationError("Must be a whole number.", code="int_type")
        return super().to_internal_value(data)


class TrueOrFalseField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Must be true or false.", code="bool_type")
        return data


@extend_schema_field({"type": "string", "pattern": r"^\s*(https?://[^@?#\\\s]+)?\s*$"})
class EndpointField(StringField):
    """An HTTP API's address. Credentials have their own field, and must not end up in an error text or an event."""

    default_error_messages = {
        "url_parsing": "Must be an address like https://api.openai.com/v1, without a name, a password or a query."
    }

    def run_validation(self, data: Any = empty) -> Any:
        # Python takes control characters for white space too, and DRF makes an empty address of them.
        if isinstance(data, str) and data.strip(" \t\r\n") and not data.strip():
            self.fail("url_parsing")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        address = super().to_internal_value(data)
        if address and not _is_endpoint(address):
            self.fail("url_parsing")
        return address


def _is_endpoint(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port_is_valid = parts.port != 0
    except ValueError:
        return False
    plain = address.isprintable() and not any(sign in address for sign in "@?#\\ ")
    return plain and port_is_valid and parts.scheme in ("http", "https") and bool(parts.hostname)
