"""Questions as rows: asked under a claim, settled once, and what becomes of the task that waits."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sessions.callers import Caller
from tests.factories import kinds_of, make_question, make_running, make_worker
from workflows import services
from workflows.engine.questions import Answer
from workflows.events import Kind
from workflows.exceptions import Conflict, EvoserverError, Invalid, StaleClaim
from workflows.models import Event, Question, Status, Task
from workflows.services import Claim, Write


@pytest.fixture
def asked(caller: Caller) -> Iterator[tuple[Task, Claim, Question]]:
    """A running task that has asked. It is cancelled afterwards, so that no worker takes it for its own."""
    task, claim = make_running(caller, make_worker())
    yield task, claim, make_question(task, claim)
    services.cancel_quietly(task, reason="test")


def now(task: Task) -> Task:
    return Task.objects.get(pk=task.pk)


def test_a_task_waits_without_a_worker_and_its_time_stands_still(asked: tuple[Task, Claim, Question]) -> None:
    task, claim, question = asked
    services.wait(task.pk, [question.key], Write(claim, 2))
    waiting = now(task)
    assert (waiting.status, waiting.worker_id) == (Status.WAITING, None)
    assert waiting.current_state == "Waiting for an answer: May it be sent?"
    since = timezone.now() - timedelta(seconds=100)
    Task.objects.filter(pk=task.pk).update(waiting_since=since, deadline=timezone.now() - timedelta(seconds=70))
    assert not services.expire_deadline(now(task))
    with pytest.raises(StaleClaim):
        services.wait(task.pk, [question.key], Write(claim, 3))
    with transaction.atomic():
        services.answer(question, Answer(True), task.owner)
        going_on = now(task)
        assert going_on.status == Status.QUEUED
        assert 20 < (going_on.deadline - timezone.now()).total_seconds() < 40
        services.cancel(task, reason="test")
    assert kinds_of(task.pk)[-4:] == [
        Kind.TASK_WAITING, Kind.QUESTION_ANSWERED, Kind.TASK_REQUEUED, Kind.TASK_CANCELLED,
    ]  # fmt: skip


def test_an_answer_that_came_first_is_not_waited_for(asked: tuple[Task, Claim, Question]) -> None:
    task, claim, question = asked
    other = make_question(task, claim, key="question/b", number=2)
    services.answer(question, Answer(True), task.owner)
    assert now(task).status == Status.RUNNING
    with transaction.atomic():
        services.wait(task.pk, [question.key, other.key], Write(claim, 3))
        assert now(task).status == Status.QUEUED
        services.cancel(task, reason="test")


def test_a_write_that_arrives_again_asks_once(asked: tuple[Task, Claim, Question]) -> None:
    task, claim, question = asked
    assert make_question(task, claim) == question
    assert Event.objects.filter(task=task, kind=Kind.QUESTION_ASKED).count() == 1


def test_of_two_answers_at_once_one_holds_and_the_other_is_told_whose(asked: tuple[Task, Claim, Question]) -> None:
    task, _, question = asked
    said: list[object] = []
    begin = threading.Barrier(2)

    def answer(with_this: Answer) -> None:
        begin.wait(10)
        try:
            said.append(services.answer(question, with_this, task.owner))
        except EvoserverError as error:
            said.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=[one]) for one in (Answer(True), Answer(reason="no"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    (refused,) = [one for one in said if isinstance(one, Conflict)]
    (settled,) = [one for one in said if isinstance(one, Question)]
    held = "approved" if settled.answer and settled.answer["approved"] else "rejected (no)"
    assert refused.detail == f"local has answered this already: {held}."
    assert kinds_of(task.pk).count(Kind.QUESTION_ANSWERED) == 1


def test_other_arguments_have_to_fit_the_tool(asked: tuple[Task, Claim, Question]) -> None:
    task, _, question = asked
    with pytest.raises(Invalid) as refused:
        services.answer(question, Answer(True, arguments={"to": 7}), task.owner)
    assert refused.value.problems[0]["loc"] == ["body", "arguments"]
    assert refused.value.problems[0]["msg"].startswith("to: 7 is not of type")
    settled = services.answer(question, Answer(True, arguments={"to": "me"}), task.owner)
    assert settled.answer == {"approved": True, "reason": "", "arguments": {"to": "me"}, "value": None}
    assert Event.objects.get(task=task, kind=Kind.QUESTION_ANSWERED).data["by"] == "local"


def test_a_waiting_task_is_paused_and_stays_so_when_it_is_answered(asked: tuple[Task, Claim, Question]) -> None:
    task, claim, question = asked
    services.wait(task.pk, [question.key], Write(claim, 2))
    assert services.pause(task, reason="test").status == Status.PAUSED
    services.answer(question, Answer(True), task.owner)
    assert now(task).status == Status.PAUSED
    with transaction.atomic():
        assert services.resume(task).status == Status.QUEUED
        services.cancel(task, reason="test")


def test_a_task_that_was_asked_to_pause_does_not_wait(asked: tuple[Task, Claim, Question]) -> None:
    task, claim, question = asked
    services.pause(task, reason="test")
    services.wait(task.pk, [question.key], Write(claim, 2))
    assert now(task).status == Status.PAUSED


@pytest.mark.parametrize("status", [Status.RUNNING, Status.WAITING, Status.PAUSED])
def test_what_a_task_asked_is_withdrawn_when_it_ends(asked: tuple[Task, Claim, Question], status: Status) -> None:
    task, claim, question = asked
    if status != Status.RUNNING:
        services.wait(task.pk, [question.key], Write(claim, 2))
    if status == Status.PAUSED:
        services.pause(task, reason="test")
    assert now(task).status == status
    services.cancel(task, reason="test")
    question.refresh_from_db()
    assert (question.status, question.answer) == (Question.Status.WITHDRAWN, None)
    with pytest.raises(Conflict, match="The task ended before this was answered"):
        services.answer(question, Answer(True), task.owner)


def test_after_the_deadline_the_default_holds(asked: tuple[Task, Claim, Question]) -> None:
    task, _, question = asked
    services.expire_questions()
    question.refresh_from_db()
    assert question.status == Question.Status.OPEN
    Question.objects.filter(pk=question.pk).update(deadline=timezone.now())
    services.expire_questions()
    question.refresh_from_db()
    assert question.status == Question.Status.EXPIRED
    assert question.answer == {**question.default, "approved": False, "reason": "nobody answered in time"}
    assert Event.objects.get(task=task, kind=Kind.QUESTION_EXPIRED).data["approved"] is False
    with pytest.raises(Conflict, match="Nobody answered in time, so that the default was taken: rejected"):
        services.answer(question, Answer(True), task.owner)
