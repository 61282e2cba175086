"""Channels: one turn at a time, conversations that are left and taken up again, to-dos that are written once."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from sessions.callers import Caller
from tests.factories import LAST, make_agent, make_channel, make_worker, submit_turn, turn_and_complete
from tests.stack import wait_for
from workflows import services
from workflows.exceptions import Conflict, Invalid, NotFound
from workflows.models import Channel, Conversation, Job, Task
from workflows.services import Idempotency, Partner, Write

MODEL = {"model": "demo"}
COPIED = ("group", "owner", "channel", "job", "goal", "timeout_seconds", "deadline")


@pytest.fixture
def channel(caller: Caller) -> Channel:
    return make_channel(caller)


def numbers(channel: Channel) -> list[tuple[int, str]]:
    return list(channel.conversations.order_by("-updated_at").values_list("number", "topic"))


def test_of_two_turns_at_once_one_is_refused(caller: Caller, channel: Channel) -> None:
    first_is_in, may_commit = threading.Event(), threading.Event()

    def be_first() -> Task:
        with transaction.atomic():
            task = submit_turn(caller, channel)
            # Paused, so that no worker ends it before the other one has looked.
            services.pause(task, reason="test")
            first_is_in.set()
            may_commit.wait(30)
        connection.close()
        return task

    def be_second() -> str:
        with pytest.raises(Conflict) as refused:
            submit_turn(caller, channel)
        connection.close()
        return refused.value.detail

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(be_first)
        first_is_in.wait(30)
        second = threads.submit(be_second)
        wait_for(_somebody_waits_for_a_lock, "the second waits for the first")
        may_commit.set()
        assert second.result(30) == f"A turn is already in progress for user: {channel.name}"
    row = Task.objects.get(pk=first.result().pk)
    # Whatever code may forget to ask, the database refuses it.
    with pytest.raises(IntegrityError, match="task_one_unfinished_per_channel"):
        Task.objects.create(**{column: getattr(row, column) for column in COPIED})
    services.cancel(row, reason="test")
    services.cancel(submit_turn(caller, channel), reason="test")


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])


def test_conversations_are_numbered_left_and_taken_up_again(caller: Caller, channel: Channel) -> None:
    first = turn_and_complete(caller, channel, "buy   milk " + "and bread " * 20)
    assert numbers(channel)[0][1].startswith("buy milk and bread")
    assert len(numbers(channel)[0][1]) == 80
    assert turn_and_complete(caller, channel).thread_id == first.thread_id
    with transaction.atomic():
        services.leave_conversation(caller, channel, MODEL)
        services.leave_conversation(caller, channel, MODEL)
        (summary,) = Task.objects.filter(job=Job.SUMMARY, goal=f"Sum up conversation 1 of {channel.name}")
        assert [turn["answered"] for turn in summary.params["turns"]] == ["Done.", "Done."]
        claimed = services.claim(summary.pk, make_worker().pk)
        assert claimed
        said = {"topic": "Shopping", "summary": "Milk and bread."}
        services.complete(claimed[0], said, Write(claimed[1], LAST))
    assert numbers(channel) == [(1, "Shopping")]
    second = turn_and_complete(caller, channel, "call mum")
    assert (second.thread_id != first.thread_id, second.run_no) == (True, 1)
    assert numbers(channel) == [(2, "call mum"), (1, "Shopping")]
    with transaction.atomic():
        services.activate_conversation(caller, channel, 1, MODEL)
        services.activate_conversation(caller, channel, 1, MODEL)
        services.cancel(Task.objects.get(job=Job.SUMMARY, goal=f"Sum up conversation 2 of {channel.name}"), reason="-")
    assert turn_and_complete(caller, channel, "what else?").run_no == 3
    assert [number for number, _ in numbers(channel)] == [1, 2]
    with pytest.raises(NotFound, match=f"Conversation 7 not found for user: {channel.name}"):
        services.activate_conversation(caller, channel, 7, MODEL)


def test_nothing_of_it_changes_while_a_turn_is_under_way(caller: Caller, channel: Channel) -> None:
    with transaction.atomic():
        task = submit_turn(caller, channel)
        for change in (
            lambda: services.leave_conversation(caller, channel, MODEL),
            lambda: services.activate_conversation(caller, channel, 1, MODEL),
            lambda: services.open_channel(caller, channel.name, partner=Partner(agent=make_agent(caller))),
            lambda: services.rerun(caller, task),
        ):
            with pytest.raises(Conflict):
                change()
        assert services.open_channel(caller, channel.name, partner=Partner(), context={"a": 1})[1] is False
        services.cancel(task, reason="test")
        task.refresh_from_db()
        again = services.rerun(caller, task)
        assert (again.channel_id, again.run_no) == (channel.pk, 2)
        with pytest.raises(Conflict, match="A turn is already in progress"):
            submit_turn(caller, channel)
        services.cancel(again, reason="test")
    channel.refresh_from_db()
    assert channel.context == {"a": 1}


def test_the_same_request_twice_is_one_turn_also_after_it_was_left(caller: Caller, channel: Channel) -> None:
    key = Idempotency(uuid.uuid4().hex, "/invoke_agent")
    with transaction.atomic():
        task = submit_turn(caller, channel, idempotency=key)
        assert submit_turn(caller, channel, idempotency=key) == task
        services.cancel(task, reason="test")
    services.leave_conversation(caller, channel, MODEL)
    assert not Task.objects.filter(job=Job.SUMMARY, goal__endswith=channel.name).exists(), "nothing was answered in it"
    assert submit_turn(caller, channel, idempotency=key) == task
    assert channel.conversations.count() == 1
    channel.refresh_from_db()
    assert channel.active is None


def test_another_partner_begins_another_conversation(caller: Caller, channel: Channel) -> None:
    turn_and_complete(caller, channel)
    agent = make_agent(caller)
    services.open_channel(caller, channel.name, partner=Partner(agent=agent), show_agent_traces=False)
    with pytest.raises(Conflict, match=f"has just begun to talk to {agent.name}"):
        submit_turn(caller, channel)
    channel.refresh_from_db()
    assert (channel.partner_name, channel.active, channel.show_agent_traces) == (agent.name, None, False)
    with transaction.atomic():
        task = submit_turn(caller, channel)
        services.cancel(task, reason="test")
    assert (task.job, task.params["agent"]["name"]) == (Job.COMMAND, agent.name)
    assert Conversation.objects.get(thread=task.thread).number == 2


def test_feedback_is_about_the_newest_turn_that_has_ended(caller: Caller, channel: Channel) -> None:
    with pytest.raises(Invalid, match="no turn yet"):
        services.give_feedback(channel, score=True, text="")
    task = turn_and_complete(caller, channel)
    channel.refresh_from_db()
    assert services.give_feedback(channel, score=4.5, text="").turn_id == task.pk
    services.give_feedback(channel, score=None, text="Better so")
    task.refresh_from_db()
    assert (task.feedback.score, task.feedback.text) == (None, "Better so")


def test_a_tool_call_that_is_made_again_writes_its_todo_once(channel: Channel) -> None:
    made = services.create_todo(channel.pk, "task/1", "Milk")
    assert services.create_todo(channel.pk, "task/1", "Milk") == made
    assert services.create_todo(channel.pk, "task/2", "Milk").number == 2
    services.rename_todo(channel.pk, 2, "Bread")
    services.complete_todo(channel.pk, 2)
    services.delete_todo(channel.pk, "task/3", 1)
    assert services.delete_todo(channel.pk, "task/3", 1) == made
    with pytest.raises(NotFound, match="There is no todo 1"):
        services.delete_todo(channel.pk, "task/4", 1)
    assert [(todo.number, todo.text, todo.done) for todo in services.todos_of(channel.pk)] == [(2, "Bread", True)]
    assert services.create_todo(channel.pk, "task/5", "Eggs").number == 3
