"""The walk and the tools of `examples/tools/`."""

import subprocess
import sys
from pathlib import Path


def walk(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(root / "examples" / "tools" / "use_tools.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_walk_shows_calls_and_results(root: Path, url: str) -> None:
    done = walk(root, "What is 17 * 23, and which weekday is 2026-11-21?", "--url", url)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert '▶ calculator {"expression": "17 * 23"}' in lines
    assert any(line.startswith("✓ calculator (") and line.endswith(": 391") for line in lines)
    assert any(line.startswith("✓ date_time (") and "Saturday" in line for line in lines)
    assert "391" in lines[-1]


def test_the_walk_streams_a_programs_output(root: Path, url: str) -> None:
    done = walk(root, "Use disk_space", "--tools", "disk_space", "--url", url)

    assert done.returncode == 0, done.stderr
    assert "\n  Filesystem" in done.stdout


def test_the_walk_says_which_tools_there_are(root: Path, url: str) -> None:
    done = walk(root, "What is this?", "--tools", "browser", "--url", url)

    assert done.returncode == 1
    assert "asks for the tool 'browser', which is not on offer. Choose from calculator" in done.stderr
