"""Receives webhooks: registers itself, verifies what comes, drops doubles, and prints it.

    WEBHOOK_ALLOWED_NETWORKS=127.0.0.1 make run
    python examples/webhooks/receive.py            # pip install requests standardwebhooks

Stop it with Ctrl-C; it takes its webhook away again.
"""

import argparse
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import requests
from standardwebhooks import Webhook, WebhookVerificationError


class Receiver(HTTPServer):
    """One request after the other is enough here. A real receiver keeps `handled` in its database."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.handled: set[str] = set()
        self.secret = ""


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            message = Webhook(self.server.secret).verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.send_error(400, "The signature is not valid")
            return
        id = self.headers["webhook-id"]
        if id not in self.server.handled:
            handle(message)
            # Only now: what fails before this line comes again.
            self.server.handled.add(id)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """What matters is printed by `handle`."""


def handle(message: dict[str, Any]) -> None:
    event = message["data"]
    print(message["timestamp"], message["type"], event.get("task_id", ""), event.get("seq", ""), flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description="Prints the events of all tasks from now on.")
    arguments.add_argument("--url", default="http://127.0.0.1:8001", help="the server")
    arguments.add_argument("--port", type=int, default=0, help="where to listen; a free port if not given")
    arguments.add_argument("--types", nargs="+", default=["task.*"], help="kinds of events, or globs over them")
    given = arguments.parse_args()
    webhooks = f"{given.url}/api/v1/webhooks"
    with Receiver(given.port) as receiver:
        here = f"http://127.0.0.1:{receiver.server_port}/"
        answer = requests.post(webhooks, json={"name": "example", "url": here, "types": given.types}, timeout=30)
        if not answer.ok:
            raise SystemExit(answer.text)
        receiver.secret = answer.json()["secret"]
        print(f"listening at {here}", flush=True)
        try:
            receiver.serve_forever()
        except KeyboardInterrupt:
            print("stopped")
        finally:
            requests.delete(f"{webhooks}/{answer.json()['webhook_id']}", timeout=30)


if __name__ == "__main__":
    main()
