"""A model endpoint that remembers the keys it was sent, and answers as the demo model does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.servers import Quiet, served

TELLTALE = "telltale"
"""A model whose endpoint quotes the key in its refusal, as real ones do."""


class Recorder:
    """What it was asked, and where it listens."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.url = ""


@contextmanager
def recording(model_url: str) -> Iterator[Recorder]:
    """Listens on a port of its own and hands on what it is asked."""
    recorder = Recorder()

    class Handler(Quiet):
        def do_POST(self) -> None:
            key = self.headers.get("Authorization", "")
            recorder.keys.append(key)
            body = self.body()
            if json.loads(body)["model"] == TELLTALE:
                error = {"message": f"Incorrect API key provided: {key}", "code": key.removeprefix("Bearer ")}
                self.answer(401, json.dumps({"error": error}).encode(), "application/json")
            else:
                answer = requests.post(f"{model_url}/chat/completions", data=body, timeout=60)
                self.answer(answer.status_code, answer.content, answer.headers["Content-Type"])

    with served(Handler) as url:
        recorder.url = f"{url}/v1"
        yield recorder
