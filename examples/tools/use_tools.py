"""An agent that uses tools, and everything that they say while they run.

    python use_tools.py "What is 17 * 23, and what day is it today?" [--tools calculator,date_time] [--url …]

Needs `pip install requests httpx httpx-sse`.
"""

import argparse
import json
import sys
from typing import Any

import httpx
import requests
from httpx_sse import connect_sse

ENDINGS = ("task.completed", "task.failed", "task.cancelled")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question")
    parser.add_argument("--tools", default="calculator,date_time", help="by name, separated by commas")
    parser.add_argument("--url", default="http://localhost:8001")
    asked = parser.parse_args()
    try:
        return ask(asked.url, asked.question, asked.tools.split(","))
    except requests.ConnectionError:
        print(f"No server answers at {asked.url}. Start one with `make run`.", file=sys.stderr)
    except requests.HTTPError as error:
        print(f"The server answered {error.response.status_code}: {error.response.text}", file=sys.stderr)
    return 1


def ask(url: str, question: str, tools: list[str]) -> int:
    """A workflow of one task, whose agent has these tools. The exit code says whether it has answered."""
    task = {"name": "answer", "description": question, "tools": tools}
    made = requests.post(f"{url}/api/v1/workflows", json={"name": question, "tasks": [task]}, timeout=30)
    if made.status_code == 422:
        print("\n".join(problem["msg"] for problem in made.json()["detail"]), file=sys.stderr)
        return 1
    made.raise_for_status()
    run = requests.post(f"{url}/api/v1/workflows/{made.json()['id']}/execute", timeout=300)
    run.raise_for_status()
    return follow(f"{url}/api/v1/tasks/{run.headers['X-Task-Id']}/events/stream")


def follow(stream: str) -> int:
    """Show every event of a tool, as it comes."""
    with httpx.Client(timeout=60) as client, connect_sse(client, "GET", stream) as source:
        for event in source.iter_sse():
            if event.event.startswith("tool."):
                show(event.event, json.loads(event.data)["data"])
            if event.event in ENDINGS:
                data = json.loads(event.data)["data"]
                print()
                print(data["result"]["outputs"] if "result" in data else data.get("error", data))
                return 0 if event.event == "task.completed" else 1
    return 1


def show(kind: str, data: dict[str, Any]) -> None:
    match kind:
        case "tool.started":
            print(f"▶ {data['tool']} {json.dumps(data['arguments'], ensure_ascii=False)}")
        case "tool.output":
            print(f"  {data['text'].rstrip()}")
        case "tool.completed":
            said = data["result"] if data["ok"] else data["error"]
            print(f"{'✓' if data['ok'] else '✗'} {data['tool']} ({data['duration_ms']} ms): {said[:200]}")


if __name__ == "__main__":
    sys.exit(main())
