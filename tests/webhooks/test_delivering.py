"""Everything arrives, in order, signed, whatever happens on either side."""

import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from sessions.callers import Caller
from tests.factories import make_cancelled, make_running, make_worker, tell
from tests.sessions.test_keys import rows_with
from tests.stack import Stack, wait_for
from tests.webhooks.conftest import Hook, Register
from tests.webhooks.receiver import Receiver
from workflows import services
from workflows.models import Delivery, Task, Webhook

TASKS = 12
Open = Callable[[], Receiver]
Member = tuple[Caller, dict[str, str]]


def told(caller: Caller, events: int = 3) -> Task:
    """An ended task with so many events between its first two and its last."""
    task, claim = make_running(caller, make_worker())
    for number in range(1, events + 1):
        tell(claim, number, call=f"plan/{number}")
    services.cancel(task, reason="it is only a test")
    task.refresh_from_db()
    return task


def rows_of(hook: Hook) -> Any:
    return Delivery.objects.filter(webhook=hook.id)


def try_now(hook: Hook) -> None:
    """As if the time of the next attempt had come. What is due already stays as it is: a round of claims that has begun
    looks for what was due before."""
    now = timezone.now()
    rows_of(hook).filter(next_attempt_at__gt=now).update(next_attempt_at=now)


def wait_until_done(hook: Hook, number: int) -> None:
    wait_for(lambda: rows_of(hook).exclude(done_at=None).count() == number, "everything is delivered")


def test_a_receiver_that_was_down_gets_everything_in_order(
    stack: Stack, member: Member, register: Register, open_receiver: Open
) -> None:
    receiver = open_receiver()
    hook = register(url=receiver.url, types=["*"])
    receiver.status = 503
    tasks = [told(member[0]) for _ in range(TASKS)]
    wait_for(lambda: rows_of(hook).filter(last_status=503).count() == TASKS, "all were refused")
    assert hook.delivery(tasks[0].pk)["last_error"] == "busy � now"

    doomed = stack.start_worker("doomed-deliverer")
    stack.wait_for_worker("doomed-deliverer")
    receiver.hang()
    try_now(hook)
    wait_for(lambda: rows_of(hook).filter(worker__pid=doomed.pid).exists(), "it is at it")
    wait_for(lambda: receiver.waiting == TASKS or receiver.waiting >= 8, "both are in the middle of a delivery")
    doomed.stop(signal.SIGKILL)
    receiver.close()
    try_now(hook)
    wait_for(lambda: rows_of(hook).filter(last_error__contains="could not be reached").exists(), "nobody listens")

    receiver.status = 204
    receiver.open()

    def is_all_there() -> bool:
        try_now(hook)
        return bool(rows_of(hook).exclude(done_at=None).count() == TASKS)

    wait_for(is_all_there, "everything is delivered")

    assert receiver.accepted() == {str(task.pk): list(range(1, task.last_seq + 1)) for task in tasks}
    for received in receiver.received:
        message = received.verified(hook.secret)
        assert message["type"] == message["data"]["kind"]
        assert received.id == f"{message['data']['task_id']}:{message['data']['seq']}"
    assert rows_with(hook.secret) == rows_with(hook.secret.removeprefix("whsec_")) == {}
    for process in stack.processes:
        assert hook.secret not in process.log.read_text(), process.name


def test_a_receiver_that_hangs_holds_up_nobody_else(member: Member, register: Register, open_receiver: Open) -> None:
    hanging, quick = open_receiver(), open_receiver()
    stuck, fine = register(url=hanging.url), register(url=quick.url)
    hanging.hang()
    tasks = [told(member[0]) for _ in range(40)]
    wait_until_done(fine, len(tasks))
    assert quick.accepted() == {str(task.pk): [task.last_seq] for task in tasks}, "only the closing events, by default"
    assert hanging.waiting
    assert not rows_of(stuck).exclude(done_at=None).exists()


def test_an_event_that_comes_later_is_delivered_and_what_nobody_wants_is_passed_over(
    member: Member, register: Register, open_receiver: Open
) -> None:
    receiver = open_receiver()
    hook = register(url=receiver.url, types=["task.started", "model.*"])
    task, claim = make_running(member[0], make_worker())
    wait_for(lambda: receiver.accepted() == {str(task.pk): [2]}, "the start arrived")
    tell(claim, 1, call="plan/1")
    wait_for(lambda: receiver.accepted() == {str(task.pk): [2, 3]}, "the next one arrived")
    services.append_texts([services.TextPiece(services.Write(claim, 1), {"call": "plan/1", "text": "x"})])
    services.cancel(task, reason="it is only a test")
    wait_until_done(hook, 1)
    assert receiver.accepted() == {str(task.pk): [2, 3]}, "text has to be named in full"
    assert (hook.delivery(task.pk)["state"], hook.delivery(task.pk)["last_seq"]) == ("done", 5)


def test_after_a_day_it_is_given_up_and_can_be_replayed_from_an_id(
    member: Member, register: Register, open_receiver: Open
) -> None:
    receiver = open_receiver()
    hook = register(url=receiver.url, types=["*"])
    receiver.status = 500
    task = told(member[0])
    wait_for(lambda: rows_of(hook).filter(attempts=1).exists(), "the first attempt failed")
    rows_of(hook).update(first_failed_at=timezone.now() - timedelta(hours=24), next_attempt_at=timezone.now())
    wait_for(lambda: hook.delivery(task.pk)["state"] == "given_up", "it was given up")
    receiver.status = 200
    assert hook.ask("POST", "/replay", task_id=str(task.pk), after=task.last_seq + 1)["detail"][0]["loc"][1] == "after"
    assert hook.ask("POST", "/replay", task_id=str(task.pk), after=2)["state"] == "following"
    wait_until_done(hook, 1)
    assert receiver.accepted() == {str(task.pk): list(range(3, task.last_seq + 1))}


def test_who_is_gone_is_not_asked_again(member: Member, register: Register, open_receiver: Open) -> None:
    receiver = open_receiver()
    hook = register(url=receiver.url)
    receiver.status = 410
    task = make_cancelled(member[0])
    wait_for(lambda: not hook.ask("GET")["is_active"], "it is switched off")
    assert "410 Gone" in hook.ask("GET")["disabled_reason"]
    assert hook.delivery(task.pk)["state"] == "given_up"
    make_cancelled(member[0])
    assert rows_of(hook).count() == 1
    assert "not active" in hook.ask("POST", "/replay", task_id=str(task.pk))["detail"]
    receiver.status = 200
    assert hook.ask("PATCH", is_active=True)["disabled_reason"] == ""
    hook.ask("POST", "/replay", task_id=str(task.pk))
    wait_until_done(hook, 1)


def test_what_was_pruned_meanwhile_is_told_and_holds_nothing_up(
    member: Member, register: Register, open_receiver: Open, settings: Any
) -> None:
    receiver = open_receiver()
    hook = register(url=receiver.url, types=["*"])
    receiver.status = 500
    task = told(member[0])
    wait_for(lambda: rows_of(hook).filter(attempts=1).exists(), "the first attempt failed")
    settings.EVENT_RETENTION_SECONDS = 100 * 24 * 3600
    Task.objects.filter(pk=task.pk).update(ended_at=timezone.now() - timedelta(days=101))
    services.prune_events()
    receiver.status = 200
    try_now(hook)
    wait_until_done(hook, 1)
    assert receiver.accepted() == {str(task.pk): [task.last_seq]}
    assert hook.delivery(task.pk)["pruned_seq"] == task.last_seq - 1


def test_after_a_rotation_both_secrets_are_good_for_a_day(register: Register, open_receiver: Open) -> None:
    receiver = open_receiver()
    hook = register(url=receiver.url)
    new = hook.ask("POST", "/rotate")["secret"]
    assert new != hook.secret
    assert hook.ask("POST", "/test") == {"accepted": True, "status": 204, "said": ""}
    assert receiver.received[-1].verified(hook.secret)["type"] == "webhook.test"
    assert receiver.received[-1].verified(new) == receiver.received[-1].message
    Webhook.objects.filter(pk=hook.id).update(former_until=timezone.now())
    receiver.status = 500
    assert hook.ask("POST", "/test") == {"accepted": False, "status": 500, "said": "busy � now"}
    assert len(receiver.received[-1].headers["webhook-signature"].split(" ")) == 1
    assert receiver.received[-1].verified(new)


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://0x0a000001/",
        "ftp://example.org/",
        "https://me:it@a.test/",
    ],
)
def test_no_webhook_goes_to_a_private_address(url: str, member: Member, address: str) -> None:
    answer = requests.post(f"{url}/api/v1/webhooks", json={"name": "n", "url": address}, headers=member[1])
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "url"]
