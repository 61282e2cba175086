"""What an operator does: asked first, done through the services, written into the admin's log."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from sessions.callers import Caller
from sessions.models import ApiToken, digest_of
from tests.admin.asking import act, list_url, messages_of, page_url, text_of
from tests.admin.conftest import allow
from tests.factories import kinds_of, make_cancelled, make_running, make_worker
from workflows import services
from workflows.events import Kind
from workflows.models import Status, Task


def test_cancelling_asks_first(client: Client, caller: Caller) -> None:
    task, _ = make_running(caller, make_worker())
    assert 'value="cancel"' in text_of(client.get(page_url(task)))
    page = text_of(act(client, task, "cancel", confirmed=False))
    assert "Cancel: are you sure?" in page
    assert str(task.pk) in page
    task.refresh_from_db()
    assert task.status == Status.RUNNING

    response = act(client, task, "cancel")
    assert response.url == page_url(task)
    task.refresh_from_db()
    assert task.status == Status.CANCELLED
    assert kinds_of(task.pk)[-1] == Kind.TASK_CANCELLED
    assert "Cancelled." in LogEntry.objects.get(object_id=str(task.pk)).change_message
    assert 'value="cancel"' not in text_of(client.get(page_url(task)))


def test_pausing_and_resuming(client: Client, caller: Caller) -> None:
    task, _ = make_running(caller, make_worker())
    assert 'value="pause"' in text_of(client.get(page_url(task)))
    act(client, task, "pause")
    task.refresh_from_db()
    assert task.pause_requested_at
    page = text_of(client.get(page_url(task)))
    assert 'value="resume"' in page
    assert 'value="pause"' not in page
    act(client, task, "resume")
    task.refresh_from_db()
    assert task.pause_requested_at is None
    assert kinds_of(task.pk)[-2:] == [Kind.TASK_PAUSING, Kind.TASK_PAUSE_WITHDRAWN]
    assert "is not paused" in messages_of(act(client, task, "resume"))[-1]
    services.cancel(task, reason="the test is over")


def test_what_cannot_be_done_is_said_and_the_others_go_on(client: Client, caller: Caller) -> None:
    ended, (running, _) = make_cancelled(caller), make_running(caller, make_worker())
    data = {"action": "cancel", "_selected_action": [str(ended.pk), str(running.pk)], "confirmed": "yes"}
    response = client.post(list_url(Task), data)
    assert sorted("already ended" in message for message in messages_of(response)) == [False, True]
    running.refresh_from_db()
    assert running.status == Status.CANCELLED


def test_running_again_stays_in_the_group_and_leads_to_the_new_task(
    client: Client, operator: User, stranger: Caller
) -> None:
    task = make_cancelled(stranger)
    response = act(client, task, "rerun")
    again = Task.objects.get(rerun_of=task)
    assert response.url == page_url(again)
    assert (again.group, again.owner) == (stranger.group, operator)


def test_a_rerun_that_needs_a_key_is_refused_in_words(client: Client, caller: Caller) -> None:
    task = make_cancelled(caller, secrets={"openai_key": "sk-1"})
    assert "was wiped" in messages_of(act(client, task, "rerun"))[-1]
    assert not Task.objects.filter(rerun_of=task).exists()


def test_closing_a_session_cancels_its_tasks(client: Client, caller: Caller) -> None:
    session = services.open_session(caller)
    task, _ = make_running(caller, make_worker(), session=session)
    assert "are you sure" in text_of(act(client, session, "close", confirmed=False))
    act(client, session, "close")
    session.refresh_from_db()
    task.refresh_from_db()
    assert session.status == session.Status.CLOSED
    assert task.status == Status.CANCELLED
    assert "had ended already" in messages_of(act(client, session, "close"))[-1]


@pytest.mark.parametrize("action", ["cancel", "rerun", "pause"])
def test_seeing_is_not_acting(staff: User, caller: Caller, action: str) -> None:
    task, _ = make_running(caller, make_worker())
    client = allow(staff, "view_task")
    assert f'value="{action}"' not in text_of(client.get(page_url(task)))
    act(client, task, action)
    task.refresh_from_db()
    assert task.status == Status.RUNNING
    assert not Task.objects.filter(rerun_of=task).exists()


def test_with_the_right_staff_may_cancel(staff: User, caller: Caller) -> None:
    task, _ = make_running(caller, make_worker())
    act(allow(staff, "view_task", "cancel_task"), task, "cancel")
    task.refresh_from_db()
    assert task.status == Status.CANCELLED


def test_a_token_is_shown_once_and_never_stored(client: Client, caller: Caller) -> None:
    data = {"name": "ci", "user": caller.user.pk, "group": caller.group_id, "expires_at_0": "", "expires_at_1": ""}
    response = client.post(f"{list_url(ApiToken)}add/", data)
    page = text_of(response)
    row = ApiToken.objects.filter(name="ci").latest("pk")
    token = page.split('id="token">')[1].split("<")[0]
    assert digest_of(token) == row.digest
    assert "no-store" in response["Cache-Control"]
    assert all(token not in morsel.value for morsel in client.cookies.values())
    for url in (list_url(ApiToken), page_url(row)):
        page = text_of(client.get(url))
        assert token not in page
        assert row.digest not in page
    assert LogEntry.objects.filter(object_id=str(row.pk)).exists()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"group": "stranger"}, "is no member of"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "lies in the past"),
        ({"name": ""}, "required"),
    ],
)
def test_a_token_that_would_not_work_is_not_made(
    client: Client, caller: Caller, stranger: Caller, change: dict[str, str], problem: str
) -> None:
    data = {"name": "no", "user": caller.user.pk, "group": caller.group_id, "expires_at_0": "", "expires_at_1": ""}
    if change.get("group"):
        change = {"group": str(stranger.group_id)}
    assert problem in text_of(client.post(f"{list_url(ApiToken)}add/", {**data, **change}))
    assert not ApiToken.objects.filter(name="no").exists()


def test_a_revoked_token_stays_as_a_row(client: Client, caller: Caller) -> None:
    row, _ = ApiToken.issue(name="old", user_id=caller.user.pk, group_id=caller.group_id)
    assert "are you sure" in text_of(act(client, row, "revoke", confirmed=False))
    act(client, row, "revoke")
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert "was revoked before" in messages_of(act(client, row, "revoke"))[-1]
    assert client.post(page_url(row).replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403


def test_who_may_make_tokens_may_not_thereby_revoke_them(staff: User, caller: Caller) -> None:
    row, _ = ApiToken.issue(name="kept", user_id=caller.user.pk, group_id=caller.group_id)
    act(allow(staff, "view_apitoken", "add_apitoken"), row, "revoke")
    row.refresh_from_db()
    assert row.revoked_at is None
