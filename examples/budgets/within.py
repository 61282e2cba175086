"""From a goal to results, within a budget: what it took, and where it ended.

    python within.py "Collect customer reviews and write a summary" [--tokens 20000] [--dollars 0.05] [--url …]

Needs `pip install requests httpx httpx-sse`.
"""

import argparse
import json
import sys
from typing import Any

import httpx
import requests
from httpx_sse import connect_sse

KINDS = "model.completed,budget.*"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("goal")
    parser.add_argument("--tokens", type=int)
    parser.add_argument("--dollars", type=float)
    parser.add_argument("--url", default="http://localhost:8001")
    asked = parser.parse_args()
    limits = {"tokens": asked.tokens, "cost_usd": asked.dollars}
    body = {"goal": asked.goal, "budget": {name: limit for name, limit in limits.items() if limit is not None}}
    try:
        started = requests.post(f"{asked.url}/stream/workflow/run", json=body, timeout=30)
        started.raise_for_status()
    except requests.ConnectionError:
        print(f"No server answers at {asked.url}. Start one with `make run`.", file=sys.stderr)
        return 1
    except requests.HTTPError as error:
        print(f"The server answered {error.response.status_code}: {error.response.text}", file=sys.stderr)
        return 1
    return follow(f"{asked.url}/api/v1/tasks/{started.json()['task_id']}/events/stream?types={KINDS}")


def follow(stream: str) -> int:
    """Show what each call took, and what is told of the budget. The ends of tasks pass every filter."""
    taken = 0
    with httpx.Client(timeout=60) as client, connect_sse(client, "GET", stream) as source:
        for event in source.iter_sse():
            data: dict[str, Any] = json.loads(event.data).get("data", {})
            match event.event:
                case "model.completed":
                    taken += data["usage"]["total_tokens"]
                    print(f"  {data['call']}: {data['usage']['total_tokens']} tokens, {taken} together")
                case "budget.warning" | "budget.exceeded":
                    print(f"! {data['message']}")
                case "task.completed":
                    print(f"✓ {data['usage']['total_tokens']} tokens, ${data['cost_usd']:.6f}")
                    return 0
                case "task.failed":
                    print(f"✗ {data['error']['message']}")
                    return 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
