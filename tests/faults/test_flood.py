"""One task's model floods a session that it shares with 200 other tasks: they are heard all the same."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.faults.following import Following, generation
from tests.servers import Quiet, served
from tests.stack import Stack, wait_for
from workflows.events import Kind
from workflows.models import Event
from workflows.worker.texts import ROW_CHARACTERS, ROW_SECONDS

TASKS = 200
CLIENTS = 8
BURST = 25
PAUSE_SECONDS = 0.05


class Flood:
    """How much was sent, and where it listens."""

    def __init__(self) -> None:
        self.sent = 0
        self.url = ""


@pytest.fixture
def flood() -> Iterator[Flood]:
    """A model endpoint that says one character a chunk, 500 of them a second at most, until it is left."""
    flood = Flood()
    dry = threading.Event()

    class Handler(Quiet):
        def do_POST(self) -> None:
            self.body()
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "x"}}]}
            burst = f"data: {json.dumps({'id': 'flood', 'created': 0, 'model': 'flood', **chunk})}\n\n" * BURST
            try:
                while not dry.wait(PAUSE_SECONDS):
                    self.wfile.write(burst.encode())
                    flood.sent += BURST
            except OSError:
                """Its reader was cancelled."""

    with served(Handler) as url:
        flood.url = f"{url}/v1"
        yield flood
        dry.set()


def test_the_events_of_200_tasks_arrive_while_another_one_floods(stack: Stack, flood: Flood) -> None:
    process, url = stack.start_web("flooded", LLM_ALLOWED_BASE_URLS=flood.url)
    session = requests.post(f"{url}/connect").json()

    def start(model: str, **config: str) -> str:
        body = generation(model)
        body["llm_config"] |= config
        path = f"{url}/client/{session['client_id']}/workflow/generate"
        return str(requests.post(path, json=body).json()["task_id"])

    with Following([url, url]) as readers:
        stream = readers.stream(session["stream_url"])
        began = time.monotonic()
        flooding = start("flood", base_url=flood.url)
        wait_for(lambda: stream.names.count("task_token") > 2, "the flood is heard")
        with ThreadPoolExecutor(CLIENTS) as clients:
            others = set(clients.map(start, ["demo-401"] * TASKS))
        wait_for(lambda: stream.names.count("task_error") == TASKS, "all the others were heard to their end")
        heard = stream.names.count("task_token")
        wait_for(lambda: stream.names.count("task_token") > heard, "the flood went on all the while")
        requests.delete(f"{url}/client/{session['client_id']}")
        took = time.monotonic() - began
        stream.ended.result(60)
    process.stop()

    ends = {
        data["task_id"]: name for name, data in zip(stream.names, stream.datas, strict=True) if name != "task_token"
    }
    assert {task for task, name in ends.items() if name == "task_error"} == others
    assert ends[flooding] == "task_cancelled"
    assert stream.ids == sorted(set(stream.ids))

    texts = Event.objects.filter(task=flooding, kind=Kind.MODEL_TEXT).values_list("data", flat=True)
    written = sum(len(data["text"]) for data in texts)
    # Ten rows a second by the worker's clock, and a text that is too long for one row makes two.
    assert len(texts) <= took / ROW_SECONDS + 1 + written / ROW_CHARACTERS
    assert flood.sent > 10 * len(texts), "it was a flood"
