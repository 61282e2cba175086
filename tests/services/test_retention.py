"""Old events: compacted text, pruned rows, and what resuming readers get then."""

from typing import Any

import pytest
import requests

from sessions.callers import Caller
from tests.factories import kinds_of, make_running, make_worker
from tests.streaming.sse import Message, read_stream
from workflows import services
from workflows.events import Kind
from workflows.models import Event, Task
from workflows.services import TextPiece, Write, append_texts


@pytest.fixture
def ended(caller: Caller) -> Task:
    """A task of a session, with the text of two calls interleaved, that has ended."""
    session = services.open_session(caller)
    task, claim = make_running(caller, make_worker(), session=session)
    pieces = [
        TextPiece(
            Write(claim, number), {"call": f"agents/{number % 2}", "stage": "agents", "node": None, "text": str(number)}
        )
        for number in range(1, 10)
    ]
    append_texts(pieces)
    services.complete(task, {"workflow_graph": {}}, Write(claim, 1))
    return task


def native(url: str, task: Task, last: int | None = None) -> list[Message]:
    return read_stream(f"{url}/api/v1/tasks/{task.pk}/events/stream", last)


def test_compaction_keeps_the_text_the_order_and_the_last_ids(ended: Task, settings: Any) -> None:
    settings.TEXT_RETENTION_SECONDS = 0
    while services.compact_texts():
        pass
    texts = Event.objects.filter(task=ended, kind=Kind.MODEL_TEXT).order_by("seq")
    assert [(event.seq, event.data["call"], event.data["text"]) for event in texts] == [
        (10, "agents/0", "2468"),
        (11, "agents/1", "13579"),
    ]
    assert [event.data["first_seq"] for event in texts] == [4, 3]
    assert [event.data["index"] for event in texts] == [0, 0]
    assert kinds_of(ended.pk)[:2] == [Kind.TASK_SUBMITTED, Kind.TASK_STARTED]
    assert kinds_of(ended.pk)[-1] == Kind.TASK_COMPLETED


def test_a_tools_output_is_joined_too(caller: Caller, settings: Any) -> None:
    task, claim = make_running(caller, make_worker())
    said = {"call": "tool/1/a/1/1/0", "stage": "execute", "node": "a"}
    append_texts([TextPiece(Write(claim, n), {**said, "text": str(n)}, Kind.TOOL_OUTPUT) for n in range(1, 4)])
    services.complete(task, {}, Write(claim, 1))
    settings.TEXT_RETENTION_SECONDS = 0
    while services.compact_texts():
        pass
    joined = Event.objects.get(task=task, kind=Kind.TOOL_OUTPUT)
    assert joined.data == {**said, "index": 0, "text": "123", "first_seq": 3}


def test_every_id_of_a_compacted_stream_resumes(ended: Task, url: str, settings: Any) -> None:
    settings.TEXT_RETENTION_SECONDS = 0
    while services.compact_texts():
        pass
    for last in range(12):
        assert [message.id for message in native(url, ended, last)] == [id for id in (1, 2, 10, 11, 12) if id > last]


def test_pruning_leaves_the_closing_event_and_answers_old_ids_with_a_reset(
    ended: Task, url: str, settings: Any
) -> None:
    settings.EVENT_RETENTION_SECONDS = 0.000001
    while services.prune_events():
        pass
    assert kinds_of(ended.pk) == [Kind.TASK_COMPLETED]
    for last in (None, 1, 5, 10):
        messages = native(url, ended, last)
        assert [(message.event, message.id) for message in messages] == [("reset", None), (Kind.TASK_COMPLETED, 12)]
        assert messages[0].data["first_id"] == 12
        assert messages[0].data["snapshot"]["status"] == "completed"
    assert [message.id for message in native(url, ended, 11)] == [12]
    session = requests.get(f"{url}/stream/client/{ended.session_id}", stream=True)
    assert b"event: reset" in next(session.iter_content(4096)) + next(session.iter_content(4096))
    session.close()
