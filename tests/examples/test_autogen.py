"""The clients of `examples/autogen/` as a user starts them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def walk(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(root / "examples" / "autogen" / "streaming_client_example.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_client_shows_what_the_agents_say(root: Path, url: str) -> None:
    done = walk(root, "Which region sells most?", "--url", url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("  0% System: The question is with the team\n 25% PlanningAgent: ")
    assert "| region | orders | units | revenue |" in done.stdout
    assert "100% System: The team has answered\n" in done.stdout
    tested = walk(root, "test", "--url", url)
    assert tested.returncode == 0
    assert tested.stdout.splitlines()[-1] == "100% System: Test: the stream ends"


def test_the_client_says_what_is_wrong(root: Path, url: str) -> None:
    refused = walk(root, "x", "--url", url, "--team", "nobody")
    alone = walk(root, "x", "--url", "http://127.0.0.1:9")
    assert refused.returncode == alone.returncode == 1
    assert "The server answered 404" in refused.stderr
    assert "No server answers at http://127.0.0.1:9" in alone.stderr


@pytest.mark.skipif(not shutil.which("curl"), reason="this machine has no curl")
def test_the_documents_line_runs_with_curl_as_it_is_printed(root: Path, url: str) -> None:
    page = (root / "examples" / "autogen" / "README.md").read_text("utf-8")
    code = re.findall(r"^```bash\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)[-1]
    done = subprocess.run(
        ["bash", "-c", code.replace("http://localhost:8001", url)],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    assert '"event_type":"completed"' in done.stdout
