"""The blocking call: one request, whose answer is the workflow. It shows no progress on the way.

python blocking.py "Collect customer reviews and sales figures, then write a summary"
"""

import argparse
import sys
import time

import requests
from display import outline

TIMEOUT = 300


def main() -> None:
    arguments = argparse.ArgumentParser(description="Generate a workflow with one blocking call.")
    arguments.add_argument("goal")
    arguments.add_argument("--url", default="http://localhost:8001", help="the server (default: %(default)s)")
    options = arguments.parse_args()

    print("Waiting for the workflow …", flush=True)
    began = time.monotonic()
    try:
        response = requests.post(
            f"{options.url}/workflow/generate",
            json={"goal": options.goal, "timeout": TIMEOUT},
            # The server ends the task at its timeout, and then says so; give it a moment to.
            timeout=TIMEOUT + 10,
        )
    except requests.ConnectionError:
        sys.exit(f"No server answers at {options.url}. Start one with `make run`.")
    answer = response.json()
    if not response.ok:
        sys.exit(f"The server answered {response.status_code}: {answer['detail']}")
    print(f"{answer['message']} in {time.monotonic() - began:.1f} s\n")
    print(outline(answer["workflow_graph"]))


if __name__ == "__main__":
    main()
