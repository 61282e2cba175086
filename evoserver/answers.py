"""What the server's own routes answer, for the API description."""

from typing import Any

from rest_framework import serializers


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["healthy"])


class LiveSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["ok"])


class PartSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["ok", "degraded", "failed"])
    detail = serializers.CharField()


class PartsSerializer(serializers.Serializer[Any]):
    database = PartSerializer()
    redis = PartSerializer()
    worker = PartSerializer()


class ReadySerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["ok", "degraded", "failed"], help_text="The worst of the parts.")
    checks = PartsSerializer()
