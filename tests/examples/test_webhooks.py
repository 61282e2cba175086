"""The receiver of `examples/webhooks/`."""

import signal
import subprocess
import sys
from pathlib import Path

import requests

from tests.http.asking import generation, unique_goal


def test_the_receiver_prints_a_task_from_its_submission_to_its_end(root: Path, url: str) -> None:
    command = [sys.executable, str(root / "examples" / "webhooks" / "receive.py"), "--url", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
        assert receiver.stdout
        assert receiver.stdout.readline().startswith("listening at ")
        task = requests.post(f"{url}/stream/workflow/generate", json=generation(unique_goal("Be told"))).json()
        kinds = []
        for line in receiver.stdout:
            _, kind, task_id, seq = line.split()
            if task_id == task["task_id"]:
                kinds.append((int(seq), kind))
            if kind == "task.completed":
                break
        receiver.send_signal(signal.SIGINT)
        assert receiver.wait(30) == 0
    assert [kind for _, kind in kinds[:2]] == ["task.submitted", "task.started"]
    assert kinds == sorted(kinds)
    assert not any(hook["name"] == "example" for hook in requests.get(f"{url}/api/v1/webhooks").json()["webhooks"])
