"""Tasks in a row: numbered, one at a time, and read in that order."""

import pytest
from django.db import transaction

from sessions.callers import Caller
from tests.factories import make_running, make_task, make_worker, tell
from workflows import services
from workflows.events import Kind
from workflows.exceptions import Conflict
from workflows.models import StreamKey, Task, Thread
from workflows.models.stream import place_in_thread
from workflows.services import Write
from workflows.streaming.log import last_ids, read_page, read_state, serves
from workflows.streaming.responses import find_place


@pytest.fixture
def thread(caller: Caller) -> Thread:
    return Thread.objects.create(group=caller.group, owner=caller.user)


def ids_after(thread: Thread, place: str) -> tuple[list[str], bool]:
    key = thread.stream
    number = key.read(place)
    assert number is not None
    page = read_page(key, number)
    return [key.written(row.number_in(key)) for row in page.rows], page.ends


def test_runs_are_numbered_and_wait_for_each_other(caller: Caller, thread: Thread) -> None:
    with transaction.atomic():
        first, claim = make_running(caller, make_worker(), thread=thread)
        second = make_task(caller, thread=thread)
        assert (first.run_no, second.run_no) == (1, 2)
        assert services.claim(second.pk, make_worker().pk) is None
        services.complete(first, {}, Write(claim, 1))
        assert services.claim(second.pk, make_worker().pk)


def test_a_run_whose_turn_has_come_is_sent_like_a_new_one(caller: Caller, thread: Thread) -> None:
    first, claim = make_running(caller, make_worker(), thread=thread)
    second = make_task(caller, thread=thread)
    Task.objects.filter(pk=second.pk).update(sends=5)
    services.complete(first, {}, Write(claim, 1))
    assert Task.objects.get(pk=second.pk).sends == 0


def test_a_thread_may_refuse_a_second_run(caller: Caller, thread: Thread) -> None:
    first, _ = make_running(caller, make_worker(), thread=thread)
    with pytest.raises(Conflict, match=f"running already, as task {first.pk}"):
        make_task(caller, thread=thread, queues=False)
    services.cancel(first, reason="test")
    with transaction.atomic():
        services.cancel(make_task(caller, thread=thread, queues=False), reason="test")


def test_a_waiting_run_does_not_show_before_its_turn(caller: Caller, thread: Thread) -> None:
    first, claim = make_running(caller, make_worker(), thread=thread)
    with transaction.atomic():
        second = make_task(caller, thread=thread)
        services.cancel(second, reason="test")
    assert ids_after(thread, "0-0") == (["1-1", "1-2"], False)
    assert last_ids([thread.stream]) == {thread.stream: place_in_thread(1, 2)}
    tell(claim, 1)
    services.complete(first, {}, Write(claim, 2))
    assert ids_after(thread, "1-2") == (["1-3", "1-4", "2-1", "2-2"], True)
    assert ids_after(thread, "1-4") == (["2-1", "2-2"], True)
    assert ids_after(thread, "2-2") == ([], False)


def test_a_reader_begins_at_the_run_that_is_under_way(caller: Caller, thread: Thread) -> None:
    assert find_place(thread.stream, "", read_state(thread.stream)).after == 0
    with transaction.atomic():
        services.cancel(make_task(caller, thread=thread), reason="test")
    make_running(caller, make_worker(), thread=thread)
    with transaction.atomic():
        services.cancel(make_task(caller, thread=thread), reason="test")
    state = read_state(thread.stream)
    assert find_place(thread.stream, "", state).after == place_in_thread(2, 0)
    assert not state.closed


def test_ids_that_were_never_given_out_are_not_served(caller: Caller, thread: Thread) -> None:
    with transaction.atomic():
        services.cancel(make_task(caller, thread=thread), reason="test")
    key, state = thread.stream, read_state(thread.stream)
    assert state.closed
    assert [find_place(key, id, state).reset for id in ("1-1", "1-3", "2-0", "7", "1-x", "-1-1")] == [
        False, True, True, True, True, True,
    ]  # fmt: skip
    assert find_place(key, "1-2", state).finished
    Task.objects.filter(thread=thread).update(pruned_seq=1)
    assert not serves(key, place_in_thread(1, 0), state)
    assert serves(key, place_in_thread(1, 1), state)


def test_events_of_a_run_are_on_its_threads_stream(caller: Caller, thread: Thread) -> None:
    _, claim = make_running(caller, make_worker(), thread=thread)
    appended = tell(claim, 1)
    assert appended
    assert thread.stream in appended.event.streams()
    assert appended.event.number_in(StreamKey("thread", thread.pk)) == place_in_thread(1, 3)
    assert read_page(thread.stream, place_in_thread(1, 2)).rows[0].kind == Kind.MODEL_STARTED
