"""Golden transcripts: what was asked and what came back, line by line, with what differs between runs replaced.

`EVOSERVER_RECORD=1 pytest tests/dialects` writes them anew, and fails, so that no CI records by accident.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.streaming.sse import Message, parse

GOLDEN = Path(__file__).parent / "golden"
SHOWN_HEADERS = (
    "Content-Type", "Cache-Control", "X-Accel-Buffering", "X-Task-Id", "Location", "Allow", "WWW-Authenticate",
)  # fmt: skip
STREAMS = ("text/event-stream", "application/x-ndjson")
TEXTS = ("token", "task_token", "model.text")

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
MILLISECONDS = re.compile(
    r'("(?:latency_ms|first_token_ms|duration_ms|execution_time|timestamp_ms|(?:started|created|updated)_at)": ?)'
    r"\d[\d.]*(?:e-\d+)?"
)
SEQUENCE = re.compile(r'("(?:seq|last_seq|chunk_index)": ?|"event_id": ?"\d+-|\nid: (?:\d+-)?|last_event_id=)\d++(?!-)')


class Transcript:
    """One caller's requests, one after the other, with what came back."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._lines: list[str] = []
        self._names: dict[str, str] = {}
        self._tasks = 0

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Send a request and write down what was asked and answered."""
        sent = {**self._headers, **(headers or {})}
        response = requests.request(method, self._url + path, json=body, headers=sent, timeout=60)
        self._lines.append(f"> {method} {path}")
        self._lines += [f"> {name}: {value}" for name, value in (headers or {}).items()]
        if body is not None:
            self._lines.append(f"> {json.dumps(body)}")
        self._lines.append(f"< {response.status_code}")
        self._lines += [f"< {name}: {response.headers[name]}" for name in SHOWN_HEADERS if name in response.headers]
        is_stream = response.headers.get("Content-Type") in STREAMS
        self._lines += [*_body_lines(response.text, is_stream=is_stream), ""]
        return response

    def name(self, id: str, name: str) -> None:
        """Show this id as `<name>`."""
        self._names[id] = f"<{name}>"

    def assert_golden(self, name: str) -> None:
        """Compare with `golden/<name>.txt`."""
        text = self._normalised()
        file = GOLDEN / f"{name}.txt"
        if os.environ.get("EVOSERVER_RECORD"):
            GOLDEN.mkdir(exist_ok=True)
            file.write_text(text)
            pytest.fail(f"recorded {file.name}; run again without EVOSERVER_RECORD")
        assert text == file.read_text()

    def _normalised(self) -> str:
        """Ids of tasks and sessions by name, or numbered in the order of their appearance; times, durations and
        numbers of events (which depend on how the model's text was split) as placeholders."""
        text = "\n".join(self._lines)
        for id in UUID.findall(text):
            if id not in self._names:
                self._tasks += 1
                self._names[id] = f"<task {self._tasks}>"
        text = UUID.sub(lambda found: self._names[found[0]], text)
        text = TIME.sub("<time>", text)
        text = MILLISECONDS.sub(r"\g<1><ms>", text)
        return SEQUENCE.sub(r"\g<1><n>", text)


def _body_lines(body: str, *, is_stream: bool) -> Iterator[str]:
    if not is_stream:
        yield from body.splitlines()
        return
    assert body.startswith("retry: 2000\n")
    yield "retry: 2000"
    yield ""
    for message in in_one_order(parse(body)):
        if message.id is not None:
            yield f"id: {message.id}"
        if "event: " in message.raw:
            yield f"event: {message.event}"
        yield f"data: {dumped(message.data)}"
        yield ""


def dumped(data: Mapping[str, Any]) -> str:
    """JSON as the server writes it into frames."""
    return json.dumps(data, separators=(",", ":"))


def in_one_order(messages: Iterable[Message]) -> list[Message]:
    """The frames in an order that does not depend on timing, with the pieces of a text joined.

    Nodes get their agents at the same time, and only the frames of one and the same node have a fixed order. So the
    frames between the plan and the check are sorted by node; the progress that counts nodes comes last, and names none.
    """
    ordered: list[Message] = []
    for at_once, group in groupby(messages, key=_is_of_a_node):
        frames = list(group)
        if at_once:
            frames.sort(key=lambda frame: (_counts_nodes(frame), "" if _counts_nodes(frame) else _about(frame)["node"]))
        for frame in frames:
            assert dumped(frame.data) == frame.raw.partition("data: ")[2], "frames hold compact JSON"
            if ordered and frame.event in TEXTS and _same_call(ordered[-1], frame):
                _about(ordered[-1])["text"] += _about(frame)["text"]
            else:
                ordered.append(_without_timing(frame))
    return ordered


def _about(frame: Message) -> dict[str, Any]:
    """The frame's own facts: the native API wraps them."""
    data = frame.data.get("data", frame.data)
    assert isinstance(data, dict)
    return data


def _is_of_a_node(frame: Message) -> bool:
    return _about(frame).get("node") is not None


def _counts_nodes(frame: Message) -> bool:
    return "current_state" in _about(frame)


def _same_call(one: Message, other: Message) -> bool:
    return one.event == other.event and _about(one)["node"] == _about(other)["node"]


def _without_timing(frame: Message) -> Message:
    """Without what depends on which node was first: how far the task had come, and which node a count is about."""
    if _is_of_a_node(frame):
        about = _about(frame)
        for name in ("node",) if _counts_nodes(frame) else ("progress", "step"):
            if name in about:
                about[name] = f"<{name}>"
    return frame
