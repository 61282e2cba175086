"""Pausing and going on."""

from datetime import timedelta

import pytest
import requests
from django.db import transaction
from django.db.models.fields.json import KT
from django.utils import timezone

from sessions.callers import Caller
from tests.factories import kinds_of, make_cancelled, make_running, make_task, make_worker
from tests.stack import wait_for
from workflows import services
from workflows.events import Kind
from workflows.exceptions import Conflict
from workflows.models import Event, Status, Task


@pytest.fixture
def paused(caller: Caller) -> Task:
    """Paused while it was queued."""
    with transaction.atomic():
        return services.pause(make_task(caller), reason="test")


def status_of(task: Task) -> str:
    return Task.objects.values_list("status", flat=True).get(pk=task.pk)


def test_a_queued_task_pauses_at_once_and_nobody_takes_it(paused: Task) -> None:
    assert kinds_of(paused.pk) == [Kind.TASK_SUBMITTED, Kind.TASK_PAUSED]
    assert services.claim(paused.pk, make_worker().pk) is None
    assert status_of(paused) == Status.PAUSED


def test_a_running_task_is_asked_and_paused_by_its_worker(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    services.pause(task, reason="test")
    assert (status_of(task), kinds_of(task.pk)[-1]) == (Status.RUNNING, Kind.TASK_PAUSING)
    assert services.requeue(task.pk, reason="its worker was lost", claim_token=claim.token)
    assert (status_of(task), kinds_of(task.pk)[-1]) == (Status.PAUSED, Kind.TASK_PAUSED)


def test_a_pause_may_be_withdrawn_before_the_worker_gets_to_it(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    services.pause(task, reason="test")
    services.resume(task)
    assert kinds_of(task.pk)[-1] == Kind.TASK_PAUSE_WITHDRAWN
    with transaction.atomic():
        # The worker stopped for the pause that is none any more: the task waits for a worker, not for a person.
        assert services.requeue(task.pk, reason="it was resumed", claim_token=claim.token)
        assert status_of(task) == Status.QUEUED
        services.cancel(task, reason="test")


def test_the_time_of_a_pause_does_not_count(paused: Task) -> None:
    Task.objects.filter(pk=paused.pk).update(
        deadline=timezone.now() - timedelta(seconds=70), paused_at=timezone.now() - timedelta(seconds=100)
    )
    paused.refresh_from_db()
    assert not services.expire_deadline(paused)
    with transaction.atomic():
        resumed = services.resume(paused)
        assert 20 < (resumed.deadline - timezone.now()).total_seconds() < 40
        assert not services.expire_deadline(resumed)
        services.cancel(resumed, reason="test")


def test_a_paused_task_can_be_cancelled(paused: Task) -> None:
    services.cancel(paused, reason="test")
    assert status_of(paused) == Status.CANCELLED


def test_what_cannot_be_is_refused_with_a_reason(caller: Caller, paused: Task) -> None:
    with pytest.raises(Conflict, match="already paused"):
        services.pause(paused, reason="test")
    running, _ = make_running(caller, make_worker())
    with pytest.raises(Conflict, match="not paused: it is running"):
        services.resume(running)
    ended = make_cancelled(caller)
    with pytest.raises(Conflict, match="already ended"):
        services.pause(ended, reason="test")
    with pytest.raises(Conflict, match="Run it again"):
        services.resume(ended)


def test_a_generation_pauses_between_two_calls_and_goes_on_where_it_was(url: str) -> None:
    body = {"goal": "Compare three kinds of tea", "llm_config": {"model": "demo-slow-2s"}}
    task_id = requests.post(f"{url}/stream/workflow/generate", json=body, timeout=60).json()["task_id"]
    task = f"{url}/api/v1/tasks/{task_id}"
    wait_for(lambda: Kind.MODEL_STARTED in kinds_of(task_id), "the model is asked")
    assert requests.post(f"{task}/pause", timeout=60).json()["current_state"] == "Pausing after what is under way"
    assert requests.post(f"{task}/pause", timeout=60).status_code == 409
    wait_for(lambda: requests.get(task, timeout=60).json()["status"] == "paused", "it is paused")
    # The call that was under way was let end and is paid for once.
    assert kinds_of(task_id).count(Kind.MODEL_COMPLETED) >= 1
    assert requests.post(f"{task}/resume", timeout=60).json()["status"] == "queued"
    wait_for(lambda: requests.get(task, timeout=60).json()["status"] == "completed", "it is completed")
    calls = Event.objects.filter(task=task_id, kind=Kind.MODEL_COMPLETED).values_list(KT("data__call"), flat=True)
    started = Event.objects.filter(task=task_id, kind=Kind.MODEL_STARTED).count()
    assert len(calls) == len(set(calls)) == started
