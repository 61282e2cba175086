"""Stream a turn and check what comes: the test script that the fastWorkflow document speaks of.

    python test_streaming_endpoint.py [--query "create a todo"] [--user test_user] [--url …]

Needs `pip install requests`.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

import requests


def events(response: requests.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and the data of each frame, as it comes."""
    name = ""
    for line in response.iter_lines(decode_unicode=True):
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def stream(url: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    headers = {"Accept": "text/event-stream"}
    with requests.post(f"{url}/invoke_agent_stream", json=body, headers=headers, stream=True, timeout=90) as response:
        response.raise_for_status()
        assert response.headers["Content-Type"] == "text/event-stream"
        yield from events(response)


def check_turn(url: str, user: str, query: str) -> None:
    requests.post(f"{url}/initialize", json={"user_id": user}, timeout=30).raise_for_status()
    print(f"{user}: {query}")
    *traces, last = stream(url, {"user_id": user, "user_query": query, "timeout_seconds": 60})
    for name, trace in traces:
        assert name == "trace", name
        print(f"  {trace['direction']}: {trace['raw_command'] or trace['response_text']}")
    name, output = last
    assert name == "command_output", output
    print(f"  answer: {output['command_responses'][0]['response']}")


def check_errors(url: str) -> None:
    ((name, error),) = stream(url, {"user_id": "nobody at all", "user_query": "create a todo"})
    assert (name, error["detail"]) == ("error", "User session not found: nobody at all")
    print(f"  error: {error['detail']}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--query", default="create a todo")
    parser.add_argument("--user", default="test_user")
    parser.add_argument("--url", default="http://localhost:8001")
    asked = parser.parse_args()
    try:
        check_turn(asked.url, asked.user, asked.query)
        check_errors(asked.url)
    except requests.ConnectionError:
        print(f"No server answers at {asked.url}. Start one with `make run`.", file=sys.stderr)
        return 1
    print("All is well.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
