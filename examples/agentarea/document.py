"""The document's two Python samples, one after the other: create a task, go on with it, follow it.

    python document.py [--url http://localhost:8001]

They are as they stand in the document, but for what they have to be told: the address, the ids, an `f` that one of the
addresses lacks. Needs `pip install requests`.
"""

import argparse

import requests

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--url", default="http://localhost:8001")
server = parser.parse_args().url
agent_id = requests.get(f"{server}/api/v1/agents", timeout=30).json()[0]["id"]

# Create task with streaming enabled
task_data = {
    "description": "Explain quantum computing",
    "user_id": "user123",
    "task_parameters": {
        "enable_streaming": True,
        "model": "gpt-4"
    }
}  # fmt: skip

response = requests.post(
    f"{server}/api/v1/agents/{agent_id}/tasks",
    json=task_data
)  # fmt: skip
task_id = response.json()["id"]

# Execute with streaming
execute_data = {
    "query": "Explain quantum computing in simple terms",
    "enable_streaming": True
}  # fmt: skip

requests.post(
    f"{server}/api/v1/agents/{agent_id}/tasks/{task_id}/execute",
    json=execute_data
)  # fmt: skip

sse_url = f"{server}/api/v1/agents/{agent_id}/tasks/{task_id}/events/stream"

with requests.get(sse_url, stream=True) as response:
    for line in response.iter_lines():
        if line:
            print(line.decode('utf-8'))  # fmt: skip
