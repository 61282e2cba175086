"""The walks of `examples/agentarea/` as a user starts them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.cutting import cutting_proxy

STREAM = rb"GET /api/v1/agents/[^/]+/tasks/[^/]+/events/stream "


def walk(root: Path, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(root / "examples" / "agentarea" / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_documents_samples_run(root: Path, url: str) -> None:
    done = walk(root, "document.py", "--url", url)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "event: connected" in lines
    assert lines.count("event: WorkflowStarted") == lines.count("event: WorkflowCompleted") == 2
    assert lines[-2] == "event: WorkflowCompleted"


def test_a_conversation_goes_on_where_its_connection_was_cut(root: Path, url: str) -> None:
    with cutting_proxy(url, cuts=1, after_bytes=2500, stream=STREAM) as proxy:
        done = walk(root, "chat.py", "--url", proxy, "What is (17 + 4) * 2?", "And 3 * 4?")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"The connection broke\. Going on after event 1-\d+ …\n", done.stderr)
    assert done.stdout.count("  … calculator((17 + 4) * 2)\n") == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("Agent: ")] == [
        "Agent: You asked: What is (17 + 4) * 2? The tools say: 42. (demo)",
        "Agent: You asked: And 3 * 4? The tools say: 12. (demo)",
    ]


def test_the_walk_says_what_is_wrong(root: Path) -> None:
    alone = walk(root, "chat.py", "--url", "http://127.0.0.1:9", "x")
    assert alone.returncode == 1
    assert "No server answers at http://127.0.0.1:9" in alone.stderr


@pytest.mark.skipif(not shutil.which("curl"), reason="this machine has no curl")
def test_the_walk_with_curl_runs_as_it_is_printed(root: Path, url: str) -> None:
    page = (root / "examples" / "agentarea" / "README.md").read_text("utf-8")
    code = re.findall(r"^```bash\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)[-1]
    done = subprocess.run(
        ["bash", "-c", code.replace("http://localhost:8001", url)],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    for name in ("connected", "WorkflowStarted", "WorkflowCompleted"):
        assert f"event: {name}\n" in done.stdout
