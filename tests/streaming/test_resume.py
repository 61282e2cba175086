"""Where a stream goes on: every id, no id, ids that cannot be served, and the closing one."""

import itertools

import pytest
import requests

from sessions.callers import Caller
from tests.factories import make_running, make_worker, tell
from tests.stack import Stack
from tests.streaming.sse import Message, parse, read_stream
from workflows import services
from workflows.models import Event
from workflows.services import Write


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def server(request: pytest.FixtureRequest, stack: Stack) -> str:
    """Both servers that the application runs on."""
    return stack.url if request.param == "uvicorn" else stack.start_daphne()[1]


@pytest.fixture(scope="module")
def path(url: str) -> str:
    """The stream of a task that has ended."""
    started = requests.post(f"{url}/stream/workflow/generate", json={"goal": "Sort the mail, then answer it"}).json()
    read_stream(f"{url}{started['stream_url']}")
    return str(started["stream_url"])


@pytest.fixture(scope="module")
def whole(server: str, path: str) -> list[Message]:
    return read_stream(f"{server}{path}")


def ids(messages: list[Message]) -> list[int | None]:
    return [message.id for message in messages]


def test_every_id_resumes_with_exactly_what_follows_it(server: str, path: str, whole: list[Message]) -> None:
    shown = ids(whole)
    closing = shown[-1]
    assert isinstance(closing, int)
    for last in range(closing):
        rest = read_stream(f"{server}{path}", last)
        assert [message.raw for message in rest] == [m.raw for m in whole if m.id is not None and m.id > last]


def test_the_native_stream_has_every_row(server: str, path: str) -> None:
    task_id = path.rpartition("/")[2]
    messages = read_stream(f"{server}/api/v1/tasks/{task_id}/events/stream")
    rows = list(Event.objects.filter(task_id=task_id).order_by("seq").values_list("seq", "kind"))
    assert [(message.id, message.event) for message in messages] == rows


def test_the_closing_id_answers_204_so_that_an_event_source_stops(server: str, path: str, whole: list[Message]) -> None:
    response = requests.get(f"{server}{path}", headers={"Last-Event-ID": str(whole[-1].id)})
    assert (response.status_code, response.content) == (204, b"")


def test_latest_of_a_finished_stream_answers_204(server: str, path: str) -> None:
    assert requests.get(f"{server}{path}?last_event_id=latest").status_code == 204


@pytest.mark.parametrize("nonsense", ["-1", "1.5", "999999", "abc", "0x10", "1" * 400, "%C3%A9", "٣"])
def test_an_id_that_cannot_be_served_gets_a_reset_and_then_everything(
    server: str, path: str, whole: list[Message], nonsense: str
) -> None:
    messages = read_stream(f"{server}{path}", params={"last_event_id": nonsense})
    assert (messages[0].event, messages[0].id) == ("reset", None)
    assert messages[0].data["event_type"] == "reset"
    assert messages[0].data["first_id"] == 1
    assert messages[0].data["status"] == "completed"
    assert [m.raw for m in messages[1:]] == [m.raw for m in whole]


def test_the_header_beats_the_query(server: str, path: str, whole: list[Message]) -> None:
    closing = whole[-1].id
    assert isinstance(closing, int)
    rest = read_stream(f"{server}{path}?last_event_id=2", closing - 1)
    assert ids(rest) == [closing]


def test_types_filter_by_kind_and_by_dialect_name_and_let_endings_pass(server: str, path: str) -> None:
    by_name = read_stream(f"{server}{path}?types=update")
    by_kind = read_stream(f"{server}{path}?types=task.*")
    assert {message.event for message in by_name} == {"update", "complete"}
    assert ids(by_kind) == ids(by_name)
    assert [message.event for message in read_stream(f"{server}{path}?types=nothing")] == ["complete"]


def test_ndjson_by_accept_has_the_same_frames(server: str, path: str, whole: list[Message]) -> None:
    response = requests.get(f"{server}{path}", headers={"Accept": "application/x-ndjson"})
    assert response.headers["Content-Type"] == "application/x-ndjson"
    lines = [requests.models.complexjson.loads(line) for line in response.text.splitlines() if line]
    assert lines == [{"id": m.id, "event": m.event, "data": m.data} for m in whole]


def test_stream_headers(server: str, path: str) -> None:
    response = requests.get(f"{server}{path}")
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in response.headers
    assert response.text.startswith("retry: 2000\n")


def test_live_and_replayed_frames_are_the_same_bytes(server: str, url: str) -> None:
    started = requests.post(f"{url}/stream/workflow/generate", json={"goal": "Write a poem and set it to music"}).json()
    live = read_stream(f"{server}{started['stream_url']}")
    again = read_stream(f"{server}{started['stream_url']}")
    assert [message.raw for message in live] == [message.raw for message in again]


def test_a_late_reader_of_a_live_stream_misses_nothing_at_the_seam(server: str, caller: Caller) -> None:
    """Readers join at every moment of a stream that is being written."""
    task, claim = make_running(caller, make_worker())
    numbers = itertools.count(1)
    responses = []
    for _ in range(20):
        for _ in range(7):
            tell(claim, next(numbers))
        responses.append(requests.get(f"{server}/api/v1/tasks/{task.pk}/events/stream", stream=True, timeout=60))
    services.complete(task, {"workflow_graph": {}}, Write(claim, next(numbers)))
    task.refresh_from_db()
    for response in responses:
        assert ids(list(parse(response.text))) == list(range(1, task.last_seq + 1))
