"""The clients of `examples/fastworkflow/` as a user starts them."""

import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest


def walk(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(root / "examples" / "fastworkflow" / "test_streaming_endpoint.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=90)


def test_the_script_streams_a_turn_and_checks_it(root: Path, url: str) -> None:
    user = f"walk-{uuid.uuid4().hex[:8]}"
    done = walk(root, "--url", url, "--user", user)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == [f"{user}: create a todo", '  agent_to_workflow: create_todo {"text": "todo (demo)"}']
    assert lines[2] == "  workflow_to_agent: Todo 1 is on the list: todo (demo)"
    assert lines[-2:] == ["  error: User session not found: nobody at all", "All is well."]
    alone = walk(root, "--url", "http://127.0.0.1:9")
    assert (alone.returncode, "No server answers" in alone.stderr) == (1, True)


@pytest.mark.skipif(not shutil.which("curl"), reason="this machine has no curl")
def test_the_documents_lines_run_with_curl_as_they_are_printed(root: Path, url: str) -> None:
    page = (root / "examples" / "fastworkflow" / "README.md").read_text("utf-8")
    code = re.findall(r"^```bash\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)[-1]
    done = subprocess.run(
        ["bash", "-c", code.replace("http://localhost:8001", url)],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    assert "event: command_output\n" in done.stdout


@pytest.mark.skipif(not shutil.which("node"), reason="this machine has no Node.js")
def test_the_browsers_client_runs(root: Path, url: str) -> None:
    script = (root / "examples" / "fastworkflow" / "stream_query.js").read_text("utf-8")
    script += f"""
const fetchHere = fetch;
globalThis.fetch = (path, options) => fetchHere("{url}" + path, options);
streamQuery("node-{uuid.uuid4().hex[:8]}", "create a todo");
"""
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.count("Trace:") == 2
    assert "Final output:" in done.stdout
