"""The walk of `examples/budgets/`."""

import re
import subprocess
import sys
from pathlib import Path

GOAL = "Collect customer reviews and write a summary"


def walk(root: Path, url: str, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(root / "examples" / "budgets" / "within.py"), GOAL, "--url", url, *more]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_walk_shows_what_it_takes_and_where_a_budget_ends(root: Path, url: str) -> None:
    free = walk(root, url)
    assert free.returncode == 0, free.stderr
    last = re.fullmatch(r"✓ (\d+) tokens, \$0\.\d+", free.stdout.splitlines()[-1])
    assert last
    assert f"{last[1]} together" in free.stdout

    bounded = walk(root, url, "--tokens", "4000")
    assert bounded.returncode == 1, bounded.stdout
    assert "! " in bounded.stdout
    assert bounded.stdout.splitlines()[-1].startswith("✗ ")
    assert all(int(taken) <= 4000 for taken in re.findall(r"(\d+) together", bounded.stdout))
