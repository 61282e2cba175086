"""One task's model floods a session that it shares with 200 other tasks: they are heard all the same."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import pytest
import requests

from tests.faults.following import Following, generation
from tests.stack import Stack, wait_for
from workflows.events import Kind
from workflows.models import Event
from workflows.worker.texts import ROW_CHARACTERS, ROW_SECONDS

TASKS = 200
CLIENTS = 8
BURST = 25
PAUSE_SECONDS = 0.05


class Flood:
    """A model endpoint that says one character a chunk, 500 of them a second at most, until it is left."""

    def __init__(self) -> None:
        self.sent = 0
        self._dry = threading.Event()
        flood = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "x"}}]}
                burst = f"data: {json.dumps({'id': 'flood', 'created': 0, 'model': 'flood', **chunk})}\n\n" * BURST
                try:
                    while not flood._dry.wait(PAUSE_SECONDS):
                        self.wfile.write(burst.encode())
                        flood.sent += BURST
                except OSError:
                    """Its reader was cancelled."""

            def log_message(self, format: str, *args: object) -> None:
                """Nothing to see."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dry.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def flood() -> Iterator[Flood]:
    with Flood() as running:
        yield running


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
