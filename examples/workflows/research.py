"""Make a workflow, start it, and follow it to its end: a line for each thing that happens.

    python research.py "Research AI in Healthcare" [--url http://localhost:8001] [--depth 2]

A connection that breaks is taken up again after the last event. Needs `pip install requests httpx httpx-sse`.
"""

import argparse
import sys
import time
from typing import Any

import httpx
import requests
from httpx_sse import connect_sse

SIGNS = {"workflow": "•", "iteration": "•", "task_started": "▶", "task_completed": "✓", "task_failed": "✗"}
ENDINGS = ("workflow_completed", "workflow_failed")

TASKS = [
    {"name": "plan", "description": "Plan the research: which questions have to be answered?"},
    {"name": "research_diagnostics", "description": "Research AI diagnostics", "depends_on": ["plan"]},
    {"name": "research_treatment", "description": "Research AI treatment planning", "depends_on": ["plan"]},
    {"name": "research_care", "description": "Research AI in patient care", "depends_on": ["plan"], "retries": 1},
    {
        "name": "synthesize",
        "description": "Write a report of the findings",
        "depends_on": ["research_diagnostics", "research_treatment", "research_care"],
    },
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="what it is about")
    parser.add_argument("--url", default="http://localhost:8001")
    parser.add_argument("--depth", type=int, default=1, help="iterations at most")
    asked = parser.parse_args()
    try:
        return walk(f"{asked.url}/api/v1/workflows", asked.name, asked.depth)
    except requests.ConnectionError:
        print(f"No server answers at {asked.url}. Start one with `make run`.", file=sys.stderr)
    except requests.HTTPError as error:
        print(f"The server answered {error.response.status_code}: {error.response.text}", file=sys.stderr)
    return 1


def walk(workflows: str, name: str, depth: int) -> int:
    body = {"name": name, "tasks": TASKS, "config": {"breadth": 2, "depth": depth}}
    workflow = answer(requests.post(f"{workflows}/", json=body, timeout=30))
    here = f"{workflows}/{workflow['id']}"
    answer(requests.post(f"{here}/execute?stream=true", timeout=30))
    last = follow(f"{here}/stream")
    print()
    print(requests.get(f"{here}/mermaid", timeout=30).text)
    for task, result in answer(requests.get(here, timeout=30))["results"].items():
        print(f"{task}: {result}")
    return 0 if last == "workflow_completed" else 1


def follow(stream: str) -> str:
    """Print what happens until the run has ended. Returns the last event's name."""
    last_id = ""
    with httpx.Client(timeout=60) as client:
        while True:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            try:
                with connect_sse(client, "GET", stream, headers=headers) as source:
                    for event in source.iter_sse():
                        last_id = event.id or last_id
                        show(event.json())
                        if event.event in ENDINGS:
                            return event.event
            except httpx.TransportError:
                pass
            print(f"The connection broke. Going on after event {last_id or 'none'} …", file=sys.stderr)
            time.sleep(1)


def show(event: dict[str, Any]) -> None:
    if "event_type" not in event:
        print("Connected")
        return
    kind = event["event_type"]
    sign = SIGNS.get(kind) or SIGNS.get(kind.partition("_")[0], " ")
    print(f"{event['progress_percent']:3}% [{sign}] {event['message']}")


def answer(response: requests.Response) -> Any:
    response.raise_for_status()
    return response.json()


if __name__ == "__main__":
    sys.exit(main())
