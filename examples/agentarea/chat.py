"""Talk with an agent in the terminal: it computes, and you see what it does.

    python chat.py [--url http://localhost:8001] ["What is (17 + 4) * 2?" …]

Questions on the command line are asked one after the other; without any, you are asked for them. A connection that
breaks is taken up again after the last event. Needs `pip install requests httpx httpx-sse`.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import requests
from httpx_sse import connect_sse

ACCOUNTANT = {
    "name": "Accountant",
    "instruction": "You answer questions about numbers. Compute, do not guess.",
    "model_id": "gpt-4o-mini",
    "tools_config": {"builtin_tools": [{"tool_name": "calculator"}, {"tool_name": "date_time"}]},
    "enable_streaming": True,
}
ENDINGS = ("WorkflowCompleted", "WorkflowFailed", "WorkflowCancelled")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", nargs="*")
    parser.add_argument("--url", default="http://localhost:8001")
    asked = parser.parse_args()
    try:
        return chat(f"{asked.url}/api/v1/agents", asked.questions or typed())
    except requests.ConnectionError:
        print(f"No server answers at {asked.url}. Start one with `make run`.", file=sys.stderr)
    except requests.HTTPError as error:
        print(f"The server answered {error.response.status_code}: {error.response.text}", file=sys.stderr)
    return 1


def typed() -> Iterator[str]:
    """Questions from the keyboard, until an empty one."""
    while question := input("You: ").strip():
        yield question


def chat(agents: str, questions: Any) -> int:
    agent = f"{agents}/{answer(requests.post(agents, json=ACCOUNTANT, timeout=30))['id']}"
    task, last_id = "", ""
    for question in questions:
        if not task:
            task = f"{agent}/tasks/{answer(requests.post(f'{agent}/tasks', json=first(question), timeout=30))['id']}"
        else:
            answer(requests.post(f"{task}/execute", json={"query": question}, timeout=30))
        last_id = follow(f"{task}/events/stream", last_id)
    return 0


def first(question: str) -> dict[str, Any]:
    return {"description": question, "parameters": {"max_iterations": 10, "budget_usd": 0.5}}


def follow(stream: str, last_id: str) -> str:
    """Print what happens until the turn has ended. Returns the id of its last event."""
    with httpx.Client(timeout=60) as client:
        while True:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            try:
                with connect_sse(client, "GET", stream, headers=headers) as source:
                    for event in source.iter_sse():
                        last_id = event.id or last_id
                        show(event.event, event.json())
                        if event.event in ENDINGS:
                            return last_id
            except httpx.TransportError:
                pass
            print(f"The connection broke. Going on after event {last_id or 'none'} …", file=sys.stderr)
            time.sleep(1)


def show(name: str, data: dict[str, Any]) -> None:
    match name:
        case "WorkflowToolCallStarted" if data["tool_name"] != "completion":
            print(f"  … {data['tool_name']}({', '.join(map(str, data['arguments'].values()))})")
        case "WorkflowToolCallCompleted" if data["tool_name"] != "completion":
            print(f"  … {data.get('result', data.get('error'))}")
        case "WorkflowCompleted":
            print(f"Agent: {data['final_response']}\n  ({data['iterations_completed']} iterations, "
                  f"${data['total_cost']:.6f})")  # fmt: skip
        case "WorkflowFailed" | "WorkflowCancelled":
            print(f"It ended without an answer: {data['error']}")


def answer(response: requests.Response) -> Any:
    response.raise_for_status()
    return response.json()


if __name__ == "__main__":
    sys.exit(main())
