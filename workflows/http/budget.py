"""What a request allows its task to take."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypedDict

from rest_framework import serializers

from workflows.http.fields import NumberField, WholeNumberField


class BudgetSerializer(serializers.Serializer[Any]):
    """The most that all of a task's model calls together may take. What is not given is not limited."""

    default_error_messages = {"invalid": "Must be a JSON object."}

    tokens = WholeNumberField(required=False, allow_null=True, min_value=1, max_value=10**12)
    cost_usd = NumberField(required=False, allow_null=True, min_value=0.000001, max_value=100_000)


class Limits(TypedDict):
    budget_tokens: int | None
    budget_usd: Decimal | None


def limits_of(asked: Mapping[str, Any]) -> Limits:
    """The validated `budget` of a request, for a submission."""
    budget = asked.get("budget") or {}
    usd = budget.get("cost_usd")
    return {"budget_tokens": budget.get("tokens"), "budget_usd": None if usd is None else Decimal(str(round(usd, 8)))}
