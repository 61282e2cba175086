"""The walks and the tools of `examples/tools/`."""

import subprocess
import sys
from pathlib import Path


def walk(root: Path, *arguments: str, script: str = "use_tools.py") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(root / "examples" / "tools" / script), *arguments]
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


def test_the_walk_approves_and_rejects(root: Path, url: str) -> None:
    other = walk(root, "Use disk_space", "--tool", "disk_space", "--url", url, script="approve.py")

    assert other.returncode == 0, other.stderr
    asked, approved, result = other.stdout.splitlines()
    assert asked == "? The agent of 'work' wants to call the tool disk_space. May it? {}"
    assert approved == "! approved by local"
    assert "Filesystem" in result

    said = ("--reject", "the disk is fine")
    no = walk(root, "Use disk_space", "--tool", "disk_space", *said, "--url", url, script="approve.py")
    assert no.returncode == 0, no.stderr
    assert "! rejected by local" in no.stdout
    assert "the disk is fine" in no.stdout.splitlines()[-1]
