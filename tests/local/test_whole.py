"""The real thing, once: everything that `make run` starts."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

from .running import LocalRun, processes_of

Start = Callable[..., LocalRun]


def test_a_first_start_serves_a_goal_and_stops_with_the_stream_open(start: Start, data: Path) -> None:
    run = start()
    run.wait_for("is ready at")
    request = urllib.request.Request(
        f"http://127.0.0.1:{run.port}/stream/workflow/generate",
        data=json.dumps({"goal": "Collect the news and write a summary"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        task = json.load(answer)
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}{task['stream_url']}", timeout=60) as stream:
        assert b"event: complete" in stream.read()

    request = urllib.request.Request(f"http://127.0.0.1:{run.port}/connect", data=b"")
    with urllib.request.urlopen(request, timeout=60) as answer:
        session = json.load(answer)
    with run.open_stream(session["stream_url"]):
        run.stop()
    assert run.process.returncode == 0
    assert not processes_of(data)
