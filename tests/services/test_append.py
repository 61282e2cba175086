"""The one write path: numbers, fences, transitions, batches."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from sessions.callers import Caller
from tests.factories import kinds_of, make_cancelled, make_running, make_worker, tell
from workflows import services
from workflows.engine.journal import Step, Usage
from workflows.events import Kind
from workflows.exceptions import StaleClaim
from workflows.models import Event, Status, Task
from workflows.services import TextPiece, Write, append


def seqs_of(task: Task) -> list[int | None]:
    return list(Event.objects.filter(task=task).order_by("seq").values_list("seq", flat=True))


def test_events_are_numbered_from_one_without_gaps(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    for number in range(1, 6):
        tell(claim, number)
    assert seqs_of(task) == [1, 2, 3, 4, 5, 6, 7]


def test_the_same_write_again_changes_nothing(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    assert tell(claim, 1) is not None
    assert tell(claim, 1) is None
    assert seqs_of(task) == [1, 2, 3]


def test_a_stale_claim_is_refused(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    with transaction.atomic():
        assert services.requeue(task.pk, reason="test", claim_token=claim.token)
        assert services.claim(task.pk, make_worker().pk)
    before = seqs_of(task)
    with pytest.raises(StaleClaim):
        tell(claim, 99)
    assert seqs_of(task) == before


def test_a_cancelled_task_takes_no_late_write(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    services.cancel(task, reason="test")
    with pytest.raises(StaleClaim):
        services.complete(task, {"answer": 42}, Write(claim, 1))
    task.refresh_from_db()
    assert (task.status, task.result, task.worker_id) == (Status.CANCELLED, None, None)
    assert kinds_of(task.pk)[-1] == Kind.TASK_CANCELLED


def test_a_task_ends_once_whoever_tries(caller: Caller) -> None:
    """The canceller and the finishing worker at the same time, many times over."""
    for _ in range(20):
        task, claim = make_running(caller, make_worker())
        start = threading.Barrier(2)

        def cancel(task: Task = task, start: threading.Barrier = start) -> None:
            start.wait()
            services.cancel_quietly(task, reason="test")
            connection.close()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        start.wait()
        try:
            services.complete(task, {"answer": 42}, Write(claim, 1))
        except StaleClaim:
            pass
        canceller.join()
        endings = [kind for kind in kinds_of(task.pk) if kind in {Kind.TASK_COMPLETED, Kind.TASK_CANCELLED}]
        assert len(endings) == 1


def test_the_database_itself_refuses_a_second_ending(caller: Caller) -> None:
    task = make_cancelled(caller)
    with pytest.raises(IntegrityError, match="event_one_ending_per_task"), transaction.atomic():
        Event.objects.create(task=task, seq=99, kind=Kind.TASK_FAILED, data={})


def test_a_transition_from_the_wrong_status_writes_nothing(caller: Caller) -> None:
    task = make_cancelled(caller)
    assert append(task.pk, Kind.TASK_STARTED, {}) is None
    assert kinds_of(task.pk) == [Kind.TASK_SUBMITTED, Kind.TASK_CANCELLED]


def test_progress_never_falls(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    for number, progress in enumerate((40, 10, 41), start=1):
        services.append(task.pk, Kind.TASK_PROGRESS, {}, write=Write(claim, number), changes={"progress": progress})
        task.refresh_from_db()
        assert task.progress == max(40, progress)


def test_a_step_is_written_with_its_event_and_its_totals(caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    step = Step(key="plan/1", kind="model", output={"b": 1, "a": 2}, usage=Usage(10, 20, 5, 0.001))
    services.append(
        task.pk,
        Kind.MODEL_COMPLETED,
        {},
        write=Write(claim, 1),
        step=step,
        changes={"model_calls": 1, "prompt_tokens": 10, "cost_usd": 0.001},
    )
    task.refresh_from_db()
    assert (task.model_calls, task.prompt_tokens, float(task.cost_usd)) == (1, 10, 0.001)
    row = task.steps.get()
    assert list(row.output) == ["b", "a"], "what was written keeps its order"


def test_a_batch_of_text_keeps_the_order_within_each_task(caller: Caller) -> None:
    session = services.open_session(caller)
    worker = make_worker()
    tasks = [make_running(caller, worker, session=session) for _ in range(3)]
    pieces = [TextPiece(Write(claim, number), {"text": f"{number}"}) for number in range(1, 5) for _, claim in tasks]

    assert services.append_texts(pieces) == set()
    assert services.append_texts(pieces) == set(), "the same batch again is no news"

    for task, _ in tasks:
        texts = Event.objects.filter(task=task, kind=Kind.MODEL_TEXT).order_by("seq")
        assert [event.data["text"] for event in texts] == ["1", "2", "3", "4"]
        assert [event.seq for event in texts] == [3, 4, 5, 6]
    numbers = Event.objects.filter(session=session).order_by("session_seq").values_list("session_seq", flat=True)
    assert list(numbers) == list(range(1, 19))


def test_a_batch_leaves_out_and_names_stale_claims(caller: Caller) -> None:
    worker = make_worker()
    (alive, alive_claim), (dead, dead_claim) = (make_running(caller, worker) for _ in range(2))
    services.cancel(dead, reason="test")

    stale = services.append_texts([TextPiece(Write(claim, 1), {"text": "x"}) for claim in (alive_claim, dead_claim)])

    assert stale == {dead.pk}
    assert Event.objects.filter(task=alive, kind=Kind.MODEL_TEXT).count() == 1
    assert not Event.objects.filter(task=dead, kind=Kind.MODEL_TEXT).exists()


def test_many_writers_of_one_session_neither_deadlock_nor_skip_a_number(caller: Caller) -> None:
    session = services.open_session(caller)
    worker = make_worker()
    tasks = [make_running(caller, worker, session=session) for _ in range(6)]
    failures: list[BaseException] = []

    def write(mine: list[int]) -> None:
        try:
            for number in range(1, 21):
                for index in mine:
                    tell(tasks[index][1], number)
                services.append_texts(
                    [TextPiece(Write(tasks[index][1], number), {"text": "x"}) for index in reversed(mine)]
                )
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=[mine]) for mine in ([0, 1], [2, 3], [4, 5])]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert failures == []
    session.refresh_from_db()
    numbers = list(Event.objects.filter(session=session).order_by("session_seq").values_list("session_seq", flat=True))
    assert numbers == list(range(1, session.last_seq + 1))
    for task, _ in tasks:
        task.refresh_from_db()
        assert seqs_of(task) == list(range(1, task.last_seq + 1))
