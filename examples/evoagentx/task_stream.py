"""A task with a stream of its own: started by one request, watched by another, taken up again when it is cut.

python task_stream.py "Collect customer reviews and sales figures, then write a summary"
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import requests
from display import Board, outline
from sseclient import SSEClient

CONNECT_SECONDS = 5
SILENCE_SECONDS = 60
"""The server sends a heartbeat every 15 seconds: a stream that is silent for longer is dead."""
RETRY_SECONDS = 2


def main() -> None:
    arguments = argparse.ArgumentParser(description="Generate a workflow and watch it being made.")
    arguments.add_argument("goal")
    arguments.add_argument("--url", default="http://localhost:8001", help="the server (default: %(default)s)")
    options = arguments.parse_args()
    try:
        response = requests.post(
            f"{options.url}/stream/workflow/generate", json={"goal": options.goal}, timeout=CONNECT_SECONDS
        )
    except requests.ConnectionError:
        sys.exit(f"No server answers at {options.url}. Start one with `make run`.")
    if not response.ok:
        sys.exit(f"The server answered {response.status_code}: {response.json()['detail']}")
    started = response.json()
    watch(options.url + started["stream_url"], started["task_id"])


def watch(stream_url: str, task_id: str) -> None:
    """Show the task's progress until it ends, then its workflow."""
    board = Board()
    for name, data in messages(stream_url):
        if name == "update":
            board.show(task_id, data["progress"], data["current_state"])
        elif name == "complete":
            board.show(task_id, 100, "Completed")
            print(f"\n{outline(data['result']['workflow_graph'])}")
        elif name == "error":
            sys.exit(f"The task failed: {data['error']}")


def messages(stream_url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The stream's messages, each once, up to the one that ends the task.

    When the connection is cut, the next one goes on after the last id that arrived.
    """
    last_id = ""
    while True:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        try:
            with requests.get(
                stream_url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, SILENCE_SECONDS)
            ) as response:
                response.raise_for_status()
                for message in SSEClient(response).events():
                    last_id = message.id or last_id
                    yield message.event, json.loads(message.data)
                    if message.event in ("complete", "error"):
                        return
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            # Also the stream's silence, which requests reports as a ConnectionError.
            pass
        print(f"The connection was cut. Going on after event {last_id or 0} …", file=sys.stderr, flush=True)
        time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    main()
