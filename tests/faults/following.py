"""Clients as they should be: they ask again where they were, at the other process, until they have an answer."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import requests

from tests.history.history import CLOSING_FRAMES
from tests.history.wire import ServerSentEvents

PATIENCE_SECONDS = 60.0


@dataclass
class Followed:
    """What a reader received so far: ids and frames, and when each came."""

    ids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    datas: list[dict[str, Any]] = field(default_factory=list)
    received_at: list[float] = field(default_factory=list)
    ended: "Future[None]" = field(default_factory=Future)

    def whole(self) -> Self:
        """Once the stream has ended: nothing lost, repeated or reordered. For streams that show every row."""
        self.ended.result(PATIENCE_SECONDS)
        assert self.ids == list(range(1, len(self.ids) + 1))
        return self


class Following:
    """A context: readers of native task streams and of session streams, on threads."""

    def __init__(self, urls: list[str]) -> None:
        self._urls = urls
        self._threads = ThreadPoolExecutor(16, "reader")
        self._leaving = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._threads.shutdown()

    def task(self, task_id: str) -> Followed:
        return self.stream(f"/api/v1/tasks/{task_id}/events/stream")

    def stream(self, path: str) -> Followed:
        followed = Followed()
        self._threads.submit(self._follow, path, followed)
        return followed

    def _follow(self, path: str, followed: Followed) -> None:
        try:
            side = 0
            while not (followed.names and followed.names[-1] in CLOSING_FRAMES):
                try:
                    self._read(self._urls[side] + path, followed)
                except requests.RequestException:
                    side = 1 - side
                    time.sleep(0.05)
                if self._leaving.is_set():
                    return
            followed.ended.set_result(None)
        except Exception as error:  # handed to the test
            followed.ended.set_exception(error)

    def _read(self, url: str, followed: Followed) -> None:
        headers = {"Last-Event-ID": str(followed.ids[-1])} if followed.ids else {}
        with requests.get(url, headers=headers, stream=True, timeout=10) as response:
            if response.status_code == 503:
                assert response.headers["Retry-After"].isdigit()
                time.sleep(0.1)
                return
            assert response.status_code == 200, (response.status_code, response.text)
            frames = ServerSentEvents()
            for part in response.iter_content(None):
                for id, name, data in frames.take(part):
                    assert id is not None, (name, data)
                    followed.ids.append(id)
                    followed.datas.append(data)
                    followed.received_at.append(time.time())
                    followed.names.append(name)
                if self._leaving.is_set():
                    return


def insist(method: str, urls: list[str], path: str, **options: Any) -> tuple[requests.Response, list[str]]:
    """Send a request to one process and the other until one serves it; and what was met on the way."""
    met: list[str] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for url in urls:
            try:
                response = requests.request(method, url + path, timeout=PATIENCE_SECONDS, **options)
            except requests.ConnectionError as error:
                met.append("refused" if "refused" in str(error) else f"broken: {error}")
            else:
                if response.status_code != 503:
                    return response, met
                assert response.headers["Retry-After"].isdigit(), response.headers
                assert isinstance(response.json()["detail"], str)
                met.append("503")
        time.sleep(0.05)
    raise AssertionError(f"{method} {path} was never served: {met[-3:]}")


def generation(model: str = "demo", goal: str = "Plan a garden") -> dict[str, Any]:
    return {"goal": goal, "llm_config": {"model": model}}


def start(urls: list[str], model: str = "demo", goal: str = "Plan a garden") -> str:
    """A generation with a stream of its own; the task's id."""
    response, _ = insist("POST", urls, "/stream/workflow/generate", json=generation(model, goal))
    assert response.status_code == 200, response.text
    return str(response.json()["task_id"])
