"""The walks of `examples/workflows/` as a user starts them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.cutting import cutting_proxy


def walk(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(root / "examples" / "workflows" / "research.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_walk_shows_every_task_and_the_results(root: Path, url: str) -> None:
    done = walk(root, "Research AI in Healthcare", "--url", url, "--depth", "2")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["Connected", "  0% [•] Starting workflow: Research AI in Healthcare"]
    assert "100% [•] Workflow completed successfully" in lines
    for task in ("plan", "research_diagnostics", "research_treatment", "research_care", "synthesize"):
        assert sum(line.endswith(f"[▶] Starting task: {task}") for line in lines) == 1
        assert sum(line.endswith(f"[✓] Completed: {task}") for line in lines) == 1
        assert any(line.startswith(f"{task}: ") for line in lines)
    percents = [int(line[:3]) for line in lines if re.match(r" *\d+% ", line)]
    assert percents == sorted(percents)
    assert "flowchart TD" in lines
    assert done.stderr == ""


def test_the_walk_goes_on_where_its_connection_was_cut(root: Path, url: str) -> None:
    with cutting_proxy(url, cuts=1, after_bytes=1500, stream=rb"GET /api/v1/workflows/[^/]+/stream ") as proxy:
        done = walk(root, "Research AI", "--url", proxy)

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"The connection broke\. Going on after event 1-\d+ …\n", done.stderr)
    assert done.stdout.count("Connected") == 2
    assert done.stdout.count("Starting workflow") == done.stdout.count("Completed: plan") == 1


def test_the_walk_says_what_is_wrong(root: Path, url: str) -> None:
    refused = walk(root, "x", "--url", url, "--depth", "0")
    alone = walk(root, "x", "--url", "http://127.0.0.1:9")

    assert refused.returncode == alone.returncode == 1
    assert "The server answered 422" in refused.stderr
    assert "No server answers at http://127.0.0.1:9" in alone.stderr


@pytest.mark.skipif(not shutil.which("curl"), reason="this machine has no curl")
def test_the_documents_walk_runs_with_curl_as_it_is_printed(root: Path, url: str) -> None:
    page = (root / "examples" / "workflows" / "README.md").read_text("utf-8")
    code = re.findall(r"^```bash\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)[-1]
    done = subprocess.run(
        ["bash", "-c", code.replace("http://localhost:8001", url)],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip

    assert '"stream_url":"/api/v1/workflows/' in done.stdout
    assert 'data: {"status":"connected","workflow_id":"' in done.stdout
    for name in ("workflow_started", "task_started", "task_completed", "workflow_completed"):
        assert f"event: {name}\n" in done.stdout
