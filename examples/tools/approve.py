"""A tool that needs a person's word: it is asked for, you say yes, with other arguments if you like, and it runs once.

    python approve.py "Use leave_note" [--arguments '{"note": "Buy ink"}'] [--reject "not today"] [--tool …] [--url …]

Needs `pip install requests`, and a server that has the tool on offer.
"""

import argparse
import json
import sys
import time
from typing import Any

import requests

ENDED = ("completed", "failed", "cancelled")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("goal")
    parser.add_argument("--tool", default="leave_note", help="the one that needs a word")
    parser.add_argument("--arguments", type=json.loads, help="to be taken instead of the agent's, as JSON")
    parser.add_argument("--reject", metavar="REASON", help="say no, and why")
    parser.add_argument("--url", default="http://localhost:8001")
    asked = parser.parse_args()
    try:
        return walk(asked)
    except requests.ConnectionError:
        print(f"No server answers at {asked.url}. Start one with `make run`.", file=sys.stderr)
    except requests.HTTPError as error:
        print(f"The server answered {error.response.status_code}: {error.response.text}", file=sys.stderr)
    return 1


def walk(asked: argparse.Namespace) -> int:
    """The exit code says whether the task completed."""
    task = start(asked.url, asked.goal, asked.tool)
    while (now := call("GET", f"{asked.url}/api/v1/tasks/{task}"))["status"] not in ENDED:
        if now["status"] == "waiting":
            answer(asked, task)
        time.sleep(0.2)
    print(now["result"]["outputs"] if now["result"] else now["error"])
    return 0 if now["status"] == "completed" else 1


def start(url: str, goal: str, tool: str) -> str:
    """Executes a workflow of one node, whose agent may use the tool only after a yes. Returns the task's id."""
    parameter = {"type": "string", "description": "What was done", "required": True}
    agent = {
        "name": "worker",
        "description": "Does what the goal asks",
        "inputs": [{**parameter, "name": "goal"}],
        "outputs": [{**parameter, "name": "report"}],
        "prompt": "Do what the goal asks.\n<input>{goal}</input>",
        "tool_names": [tool],
        "confirm_tools": [tool],
    }
    node = {name: agent[name] for name in ("description", "inputs", "outputs")}
    graph = {
        "goal": goal,
        "nodes": [{"name": "work", **node, "agents": [agent]}],
        "edges": [],
        "workflow_inputs": agent["inputs"],
        "workflow_outputs": agent["outputs"],
    }
    return str(call("POST", f"{url}/stream/workflow/execute", {"workflow_graph": graph})["task_id"])


def answer(asked: argparse.Namespace, task: str) -> None:
    """Answers what the task asks."""
    for question in call("GET", f"{asked.url}/api/v1/tasks/{task}/questions?status=open")["results"]:
        print(f"? {question['text']} {json.dumps(question['details']['arguments'], ensure_ascii=False)}")
        here = asked.url + question["links"]["self"]
        if asked.reject is not None:
            done = call("POST", f"{here}/reject", {"reason": asked.reject})
        else:
            done = call("POST", f"{here}/approve", {"arguments": asked.arguments} if asked.arguments else {})
        print(f"! {'approved' if done['answer']['approved'] else 'rejected'} by {done['answered_by']}")


def call(method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    response = requests.request(method, url, json=body, timeout=30)
    response.raise_for_status()
    return response.json()


if __name__ == "__main__":
    sys.exit(main())
