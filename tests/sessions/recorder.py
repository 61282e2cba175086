"""A model endpoint that remembers the keys it was sent, and answers as the demo model does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import requests

TELLTALE = "telltale"
"""A model whose endpoint quotes the key in its refusal, as real ones do."""


class Recorder:
    """Listens on a port of its own and hands on what it is asked."""

    def __init__(self, model_url: str) -> None:
        self.keys: list[str] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                key = self.headers.get("Authorization", "")
                recorder.keys.append(key)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if json.loads(body)["model"] == TELLTALE:
                    error = {"message": f"Incorrect API key provided: {key}", "code": key.removeprefix("Bearer ")}
                    self._answer(401, "application/json", json.dumps({"error": error}).encode())
                else:
                    answer = requests.post(f"{model_url}/chat/completions", data=body, timeout=30)
                    self._answer(answer.status_code, answer.headers["Content-Type"], answer.content)

            def _answer(self, status: int, content_type: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """The key is not for any log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
