"""The clients of `examples/websocket/`, and the program of docs/websocket.md."""

import re
import subprocess
import sys
from pathlib import Path

from tests.examples.cutting import cutting_proxy


def walk(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(root / "examples" / "websocket" / "follow_many.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_walk_goes_on_after_its_connection_broke(root: Path, url: str) -> None:
    goals = ("Translate the manual, then check it", "Count the stars")
    with cutting_proxy(url, cuts=1, after_bytes=4000, stream=rb"GET /ws/") as proxy:
        done = walk(root, *goals, "--url", proxy)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"The connection broke\. Going on after \{.*\} …\n", done.stderr)
    lines = done.stdout.splitlines()
    for id in ("0", "1"):
        mine = [line for line in lines if line.startswith(id)]
        assert mine[0] == f"{id}:   0 %  Waiting for a worker"
        assert mine[-1] == f"{id}: complete"
        assert len(set(mine)) == len(mine), "nothing is told twice"


def test_the_walk_says_what_is_wrong(root: Path, url: str) -> None:
    alone = walk(root, "x", "--tries", "1", "--url", "http://127.0.0.1:9")
    assert (alone.returncode, alone.stdout) == (1, "")
    assert "No server answers at http://127.0.0.1:9" in alone.stderr
    refused = walk(root, "x" * 20_000, "--url", url)
    assert refused.returncode == 1
    assert "The server answered 422" in refused.stderr


def test_the_program_of_the_document_runs_as_it_is_printed(root: Path, url: str) -> None:
    page = (root / "docs" / "websocket.md").read_text("utf-8")
    code = re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)[0]
    here = code.replace("ws://localhost:8001", url.replace("http", "ws", 1))
    done = subprocess.run(
        [sys.executable, "-c", here], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "update Planned 2 nodes" in done.stdout
    assert done.stdout.splitlines()[-1].split()[1] == "complete"
