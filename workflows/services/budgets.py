"""What may be spent: reserved before each model call, so that branches and workers side by side never pass a limit.

Lock order, as everywhere: the task, then (in append.py) its session, then its group's spending.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from workflows.engine.budget import LEAST_OUTPUT, Estimate, Grant
from workflows.exceptions import BudgetExceeded, StaleClaim
from workflows.models import Budget, Reservation, Spending, Step, Task
from workflows.services.append import Claim

WARNING_SHARE = Decimal("0.8")


@dataclass(frozen=True)
class Limit:
    """One limit, and where it stands: settled, and reserved by other calls."""

    scope: str
    """`task` or `group`."""
    unit: str
    """`tokens` or `cost_usd`."""
    most: Decimal
    settled: Decimal
    reserved: Decimal

    @property
    def left(self) -> Decimal:
        return self.most - self.settled - self.reserved

    def told(self, used: Decimal) -> dict[str, object]:
        """For an event. `used` counts what is reserved."""
        share = float(used / self.most * 100) if self.most else 100.0
        of = "a day" if self.scope == "group" else "for this task"
        return {
            "scope": self.scope,
            "unit": self.unit,
            "used": _number(self.unit, used),
            "limit": _number(self.unit, self.most),
            "usage_percentage": round(share, 1),
            "message": f"{_shown(self.unit, used)} of the {_shown(self.unit, self.most)} {of} are used or reserved.",
        }


class Reserved(NamedTuple):
    """None as `grant`: other calls hold what this one needs, and may not need all of it. `warnings` are for events."""

    grant: Grant | None
    warnings: list[dict[str, object]]


def is_limited(task: Task) -> bool:
    """Whether any limit holds for the task."""
    own = task.budget_tokens is not None or task.budget_usd is not None
    return own or Budget.objects.filter(group=task.group_id).exclude(tokens_per_day=None, usd_per_day=None).exists()


@transaction.atomic
def reserve(claim: Claim, key: str, estimate: Estimate) -> Reserved:
    """Reserve the most that a call can take. The same key again takes the place of its former reservation.

    Raises BudgetExceeded where even the end of all other calls would leave no room, and StaleClaim.
    """
    task = Task.objects.select_for_update(no_key=True).defer("secrets", "params", "result").get(pk=claim.task_id)
    if task.claim_token != claim.token:
        raise StaleClaim(f"task {task.pk} is no longer claimed under token {claim.token}")
    limits = list(_limits(task, key))
    output = estimate.output_tokens
    least = min(output or LEAST_OUTPUT, LEAST_OUTPUT)
    for limit in limits:
        output = _within(limit, limit.left, estimate, output)
        if output < least and _within(limit, limit.left + limit.reserved, estimate, estimate.output_tokens) >= least:
            return Reserved(None, [])
        if output < least:
            raise BudgetExceeded(_refusal(limit, estimate), limit.told(limit.settled))
    if not limits:
        return Reserved(Grant(estimate.output_tokens), [])
    return _written(task, key, estimate, output, limits)


def release(claim: Claim, key: str) -> None:
    """Give back what was reserved for a call that will not be settled. Nothing if the claim is over."""
    Reservation.objects.filter(task=claim.task_id, task__claim_token=claim.token, key=key).delete()


def _written(task: Task, key: str, estimate: Estimate, output: int | None, limits: list[Limit]) -> Reserved:
    assert output is not None, "every limit bounds the output"
    tokens = estimate.prompt_tokens + output
    cost = _cost(estimate, output)
    Reservation.objects.update_or_create(
        task=task, key=key, defaults={"group_id": task.group_id, "tokens": tokens, "cost_usd": cost}
    )
    used = [(limit, limit.settled + limit.reserved + (tokens if limit.unit == "tokens" else cost)) for limit in limits]
    warnings = [limit.told(so_far) for limit, so_far in used if so_far >= limit.most * WARNING_SHARE]
    return Reserved(Grant(output, float(cost)), warnings)


def _limits(task: Task, key: str) -> Iterator[Limit]:
    others = Reservation.objects.exclude(task=task, key=key)
    if task.budget_tokens is not None or task.budget_usd is not None:
        settled = {"tokens": Decimal(task.prompt_tokens + task.completion_tokens), "cost_usd": task.cost_usd}
        most = {"tokens": task.budget_tokens, "cost_usd": task.budget_usd}
        yield from _of("task", most, settled, _sums(others.filter(task=task)))
    budget = Budget.objects.filter(group=task.group_id).first()
    if budget:
        spending = _spending_of(task.group_id, timezone.now().astimezone(UTC).date())
        settled = {"tokens": Decimal(spending.tokens), "cost_usd": spending.cost_usd}
        most = {"tokens": budget.tokens_per_day, "cost_usd": budget.usd_per_day}
        yield from _of("group", most, settled, _sums(others.filter(group=task.group_id)))


def _of(
    scope: str, most: dict[str, int | Decimal | None], settled: dict[str, Decimal], reserved: dict[str, Decimal]
) -> Iterator[Limit]:
    for unit, limit in most.items():
        if limit is not None:
            yield Limit(scope, unit, Decimal(limit), settled[unit], reserved[unit])


def _sums(reservations: QuerySet[Reservation]) -> dict[str, Decimal]:
    sums = reservations.aggregate(tokens=Sum("tokens"), cost_usd=Sum("cost_usd"))
    return {unit: Decimal(amount or 0) for unit, amount in sums.items()}


def _spending_of(group_id: int, day: date) -> Spending:
    """The group's row of that day, locked. The first time, it is filled with what the day's calls have taken so far."""
    if not Spending.objects.filter(group=group_id, day=day).exists():
        begun = datetime.combine(day, time.min, UTC)
        taken = Step.objects.filter(task__group=group_id, kind="model", created_at__gte=begun).aggregate(
            tokens=Sum(F("prompt_tokens") + F("completion_tokens")), cost_usd=Sum("cost_usd")
        )
        Spending.objects.bulk_create(
            [
                Spending(
                    group_id=group_id, day=day, tokens=taken["tokens"] or 0, cost_usd=taken["cost_usd"] or Decimal(0)
                )
            ],
            ignore_conflicts=True,
        )
    return Spending.objects.select_for_update(no_key=True).get(group=group_id, day=day)


def _within(limit: Limit, left: Decimal, estimate: Estimate, output: int | None) -> int:
    """How many tokens of an answer fit into what is left; negative where not even the prompt does."""
    if limit.unit == "tokens":
        room = int(left) - estimate.prompt_tokens
    elif estimate.prompt_usd is None or estimate.output_usd is None:
        raise BudgetExceeded(
            "The price of this model is not known, so that a limit in dollars cannot be kept. Set one in tokens, or "
            "use another model.",
            limit.told(limit.settled),
        )
    else:
        room_usd = float(left) - estimate.prompt_tokens * estimate.prompt_usd
        free = 2**40 if room_usd >= 0 else -1
        room = int(room_usd / estimate.output_usd) if estimate.output_usd else free
    return room if output is None else min(room, output)


def _cost(estimate: Estimate, output: int) -> Decimal:
    if estimate.prompt_usd is None or estimate.output_usd is None:
        return Decimal(0)
    return Decimal(str(round(estimate.prompt_tokens * estimate.prompt_usd + output * estimate.output_usd, 8)))


def _refusal(limit: Limit, estimate: Estimate) -> str:
    whose = "The task's budget" if limit.scope == "task" else "The group's budget for today"
    remedy = "Run it again with a larger budget." if limit.scope == "task" else "An administrator can raise it."
    return (
        f"{whose} of {_shown(limit.unit, limit.most)} does not allow another model call: "
        f"{_shown(limit.unit, limit.settled)} are spent, and a prompt of up to {estimate.prompt_tokens:,} tokens would "
        f"follow. {remedy}"
    )


def _number(unit: str, amount: Decimal) -> float | int:
    return int(amount) if unit == "tokens" else float(amount)


def _shown(unit: str, amount: Decimal) -> str:
    return f"{int(amount):,} tokens" if unit == "tokens" else f"${float(amount):.6g}"
