"""Budgets: what groups may spend a day, and what they have."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Sum
from django.utils import timezone

from workflows.admin import showing
from workflows.admin.history import History
from workflows.models import Budget, Reservation, Spending


@admin.register(Budget)
class BudgetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("group", "tokens_per_day", "usd_per_day", "spent_today", "reserved_now")
    list_select_related = ("group",)
    fields = ("group", "tokens_per_day", "usd_per_day", "spent_today", "reserved_now")
    readonly_fields = ("spent_today", "reserved_now")

    def get_readonly_fields(self, request: Any, obj: Budget | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("group", *self.readonly_fields)

    @admin.display(description="spent today")
    def spent_today(self, budget: Budget) -> str:
        """As far as it was counted: from the first call on that a limit held for."""
        spending = Spending.objects.filter(group=budget.group_id, day=timezone.now().date()).first()
        return _amounts(spending.tokens, spending.cost_usd) if spending else "nothing yet"

    @admin.display(description="reserved by calls under way")
    def reserved_now(self, budget: Budget) -> str:
        sums = Reservation.objects.filter(group=budget.group_id).aggregate(tokens=Sum("tokens"), cost=Sum("cost_usd"))
        return _amounts(sums["tokens"], sums["cost"]) if sums["tokens"] else "nothing"


@admin.register(Spending)
class SpendingAdmin(History):
    list_display = ("day", "group", "tokens", "cost")
    list_filter = ("group", "day")
    list_select_related = ("group",)
    ordering = ("-day", "group")
    fields = ("day", "group", "tokens", "cost")
    readonly_fields = ("cost",)

    @admin.display(description="cost")
    def cost(self, spending: Spending) -> str:
        return showing.dollars(spending.cost_usd)


def _amounts(tokens: int, cost: Decimal) -> str:
    return f"{tokens:,} tokens, {showing.dollars(cost)}"
