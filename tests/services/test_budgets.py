"""What may be spent: reserved first, so that calls side by side never pass a limit."""

import threading
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from sessions.callers import Caller
from tests.factories import make_running, make_worker
from workflows import services
from workflows.engine.budget import Estimate
from workflows.engine.journal import Step, Usage
from workflows.events import Kind
from workflows.exceptions import BudgetExceeded, StaleClaim
from workflows.models import Budget, Reservation, Spending, Task
from workflows.services import Claim, Write


def estimate(prompt: int = 100, output: int | None = 300, usd: float | None = 0.001) -> Estimate:
    return Estimate(prompt_tokens=prompt, output_tokens=output, prompt_usd=usd, output_usd=usd)


def settle(task: Task, claim: Claim, key: str, number: int, tokens: int) -> None:
    step = Step(key, "model", {}, Usage(prompt_tokens=tokens, completion_tokens=0, cost_usd=tokens / 1000))
    changes = {"prompt_tokens": tokens, "cost_usd": tokens / 1000}
    services.append(
        task.pk, Kind.MODEL_COMPLETED, {}, write=Write(claim, number), key=f"done:{key}", step=step, changes=changes
    )


@pytest.fixture
def rich(stranger: Caller) -> Caller:
    """Of a group of its own, with 10,000 tokens a day."""
    group = Group.objects.create(name=f"rich {Group.objects.count()}")
    Budget.objects.create(group=group, tokens_per_day=10_000)
    return Caller(user=stranger.user, group=group, via="token")


def test_a_task_without_a_budget_is_not_limited(caller: Caller) -> None:
    task, _ = make_running(caller, make_worker())
    assert not services.is_limited(task)


def test_what_is_left_bounds_the_answer(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker(), budget_tokens=1000)
    assert services.is_limited(task)
    assert services.reserve(claim, "a", estimate(output=None)).grant == (900, 1.0)
    # The same call again, after a crash, say: not reserved twice.
    assert services.reserve(claim, "a", estimate()).grant == (300, 0.4)
    assert services.reserve(claim, "b", estimate()).grant == (300, 0.4)


def test_who_finds_no_room_waits_for_the_others_and_is_refused_when_there_are_none(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker(), budget_tokens=1000)
    services.reserve(claim, "a", estimate(output=600))
    assert services.reserve(claim, "b", estimate()).grant is None
    settle(task, claim, "a", 1, tokens=150)
    assert services.reserve(claim, "b", estimate()).grant == (300, 0.4)
    settle(task, claim, "b", 2, tokens=700)
    with pytest.raises(BudgetExceeded, match="1,000 tokens does not allow another model call: 850 tokens are spent"):
        services.reserve(claim, "c", estimate())
    assert not Reservation.objects.filter(task=task).exists()


def test_a_limit_in_dollars_needs_a_price(caller: Caller) -> None:
    _, claim = make_running(caller, make_worker(), budget_usd=Decimal("0.5"))
    assert services.reserve(claim, "a", estimate(output=None)).grant == (400, 0.5)
    with pytest.raises(BudgetExceeded, match="price of this model is not known"):
        services.reserve(claim, "b", estimate(usd=None))


def test_a_warning_counts_what_is_reserved(caller: Caller) -> None:
    _, claim = make_running(caller, make_worker(), budget_tokens=1000)
    assert services.reserve(claim, "a", estimate(output=600)).warnings == []
    (warning,) = services.reserve(claim, "a", estimate(output=700)).warnings
    assert (warning["scope"], warning["unit"], warning["usage_percentage"]) == ("task", "tokens", 80.0)


def test_tasks_of_a_group_share_its_day(rich: Caller) -> None:
    first, claim = make_running(rich, make_worker())
    _, other = make_running(rich, make_worker())
    services.reserve(claim, "a", estimate(output=5000))
    assert services.reserve(other, "a", estimate(output=None)).grant == (4800, 4.9)
    assert services.reserve(claim, "b", estimate()).grant is None
    settle(first, claim, "a", 1, tokens=120)
    assert Spending.objects.get(group=rich.group).tokens == 120
    assert services.reserve(claim, "b", estimate()).grant == (300, 0.4)


def test_what_was_spent_before_there_was_a_budget_counts(rich: Caller) -> None:
    Budget.objects.filter(group=rich.group).delete()
    task, claim = make_running(rich, make_worker())
    settle(task, claim, "a", 1, tokens=9900)
    Budget.objects.create(group=rich.group, tokens_per_day=10_000)
    with pytest.raises(BudgetExceeded, match="9,900 tokens are spent"):
        services.reserve(claim, "b", estimate())


def test_the_end_of_a_task_frees_what_it_had_reserved(rich: Caller) -> None:
    task, claim = make_running(rich, make_worker())
    services.reserve(claim, "a", estimate(output=9000))
    services.cancel(task, reason="test")
    assert not Reservation.objects.filter(task=task).exists()
    with pytest.raises(StaleClaim):
        services.reserve(claim, "a", estimate())


def test_branches_and_workers_side_by_side_never_pass_a_limit(rich: Caller) -> None:
    """20 branches of two tasks, each a call after the other, until nothing is left."""
    running = [make_running(rich, make_worker()) for _ in range(2)]
    numbers = {claim: iter(range(1, 10_000)) for _, claim in running}
    lock = threading.Lock()

    def branch(index: int) -> None:
        task, claim = running[index % 2]
        try:
            for call in range(100):
                key = f"{index}/{call}"
                try:
                    while (grant := services.reserve(claim, key, estimate(prompt=40, output=300)).grant) is None:
                        pass
                except BudgetExceeded:
                    return
                with lock:
                    # One journal writes one thing after the other.
                    settle(task, claim, key, next(numbers[claim]), tokens=40 + (grant.output_tokens or 0))
        finally:
            connection.close()

    branches = [threading.Thread(target=branch, args=[index]) for index in range(20)]
    for thread in branches:
        thread.start()
    for thread in branches:
        thread.join()
    spent = Spending.objects.get(group=rich.group).tokens
    assert 10_000 - 340 < spent <= 10_000
    assert spent == sum(Task.objects.filter(group=rich.group).values_list("prompt_tokens", flat=True))
