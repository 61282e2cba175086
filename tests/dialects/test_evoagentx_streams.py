"""What is live is what is replayed, byte for byte, in both formats."""

import json
import threading
from collections.abc import Mapping

import pytest
import requests

from tests.http.asking import generation, wait_for_status
from tests.streaming.sse import parse, read_stream
from workflows.models import Status

GOAL = "Collect reviews and sales figures, then write a summary"
NDJSON = {"Accept": "application/x-ndjson"}


def body_of(url: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A stream to its end, without what keeps the connection open meanwhile: comments, or empty lines."""
    with requests.get(url, headers=headers, timeout=60, stream=True) as response:
        assert response.status_code == 200
        body = response.content
    if headers == NDJSON:
        return b"\n".join(line for line in body.split(b"\n") if line)
    return body.replace(b": heartbeat\n", b"")


@pytest.mark.parametrize("headers", [{}, NDJSON], ids=["sse", "ndjson"])
@pytest.mark.parametrize("stream", ["/stream/{}", "/api/v1/tasks/{}/events/stream"])
def test_a_live_task_stream_is_replayed_byte_for_byte(url: str, stream: str, headers: Mapping[str, str]) -> None:
    body = generation(GOAL, model="demo-slow-0.4s")
    address = url + stream.format(requests.post(f"{url}/stream/workflow/generate", json=body).json()["task_id"])

    live = body_of(address, headers)

    assert live == body_of(address, headers)


@pytest.mark.parametrize("headers", [{}, NDJSON], ids=["sse", "ndjson"])
def test_a_live_session_stream_is_replayed_byte_for_byte(url: str, headers: Mapping[str, str]) -> None:
    client = requests.post(f"{url}/connect").json()
    live: list[bytes] = []
    reader = threading.Thread(target=lambda: live.append(body_of(url + client["stream_url"], headers)))
    reader.start()
    tasks = [
        requests.post(f"{url}/client/{client['client_id']}/workflow/generate", json=generation(GOAL)).json()["task_id"]
        for _ in range(2)
    ]
    for task in tasks:
        wait_for_status(task, Status.COMPLETED)
    requests.delete(f"{url}/client/{client['client_id']}")
    reader.join(30)

    assert live == [body_of(url + client["stream_url"], headers)]


def test_json_lines_hold_what_the_event_stream_holds(url: str) -> None:
    task = requests.post(f"{url}/workflow/generate", json=generation(GOAL)).headers["X-Task-Id"]
    lines = body_of(f"{url}/stream/{task}", NDJSON).decode().splitlines()
    told = [{"id": m.id, "event": m.event, "data": m.data} for m in read_stream(f"{url}/stream/{task}")]
    assert told == [json.loads(line) for line in lines]


@pytest.mark.parametrize("stream", ["/stream/{}", "/api/v1/tasks/{}/events/stream"])
def test_every_stream_has_the_settled_headers_and_begins_at_once(url: str, stream: str) -> None:
    task = requests.post(f"{url}/stream/workflow/generate", json=generation(GOAL, model="demo-hang")).json()["task_id"]
    with requests.get(url + stream.format(task), stream=True, headers={"Accept-Encoding": "gzip"}) as response:
        first = next(response.iter_content(None))
    requests.post(f"{url}/api/v1/tasks/{task}/cancel")

    assert first.startswith(b"retry: 2000\n")
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize(
    "id", ["nonsense", "-1", "1.5", "+3", "0x3", "9" * 18, "9" * 30, "9" * 5000, "١", "²", "1,2", "null", "NaN"]
)
@pytest.mark.parametrize("where", ["header", "query"])
def test_an_id_that_cannot_be_served_gets_a_reset_and_then_everything(
    url: str, finished: str, id: str, where: str
) -> None:
    everything = [message.raw for message in read_stream(f"{url}/stream/{finished}")]
    if where == "header":
        again = requests.get(f"{url}/stream/{finished}", headers={"Last-Event-ID": id.encode()})
    else:
        again = requests.get(f"{url}/stream/{finished}", params={"last_event_id": id})

    assert again.status_code == 200
    reset, *rest = parse(again.text)
    assert (reset.id, reset.event) == (None, "reset")
    assert reset.data["status"] == "completed"
    assert [message.raw for message in rest] == everything


@pytest.mark.parametrize("query", ["%00", "1%0A2", "%F0%9F%98%80", "%ED%A0%80"])
def test_an_id_of_strange_bytes_gets_a_reset_too(url: str, finished: str, query: str) -> None:
    again = requests.get(f"{url}/stream/{finished}?last_event_id={query}")
    assert again.status_code == 200
    assert next(parse(again.text)).event == "reset"


def test_the_header_beats_the_query(url: str, finished: str) -> None:
    both = requests.get(f"{url}/stream/{finished}?last_event_id=1", headers={"Last-Event-ID": "3"})
    header = requests.get(f"{url}/stream/{finished}", headers={"Last-Event-ID": "3"})
    assert both.content == header.content


@pytest.fixture(scope="module")
def finished(url: str) -> str:
    """A task that is over."""
    return requests.post(f"{url}/workflow/generate", json=generation()).headers["X-Task-Id"]
