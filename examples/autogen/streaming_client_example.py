"""Ask a team, and print what its agents say: the client of the AutoGen document, with an address and an end.

    python streaming_client_example.py ["Which region sells most?"] [--url …] [--team …]
    python streaming_client_example.py test

Needs `pip install aiohttp`.
"""

import argparse
import asyncio
import json
import sys

import aiohttp

QUESTION = "Generate a monthly business report for our sales performance"


async def show(response: aiohttp.ClientResponse) -> bool:
    """Whether the question was answered."""
    is_answered = False
    async for line in response.content:
        text = line.decode("utf-8").strip()
        if text.startswith("data: "):
            event = json.loads(text[6:])["event"]
            print(f"{event['data'].get('progress', 0):3}% {event['agent_name']}: {event['message']}")
            is_answered = event["event_type"] == "completed"
    return is_answered


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", nargs="?", default=QUESTION, help="or `test`, for the test stream")
    parser.add_argument("--url", default="http://localhost:8001")
    parser.add_argument("--team", default="business-insights")
    asked = parser.parse_args()
    try:
        async with aiohttp.ClientSession() as session:
            if asked.question == "test":
                request = session.get(f"{asked.url}/test-stream")
            else:
                body = {"question": asked.question}
                request = session.post(f"{asked.url}/ask-stream", json=body, params={"team": asked.team})
            async with request as response:
                if response.status != 200:
                    print(f"The server answered {response.status}: {await response.text()}", file=sys.stderr)
                    return 1
                return 0 if await show(response) else 1
    except aiohttp.ClientConnectionError:
        print(f"No server answers at {asked.url}. Start one with `make run`.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
