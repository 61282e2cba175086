"""A run of the checker, small enough for every day: 16 writers, 100 readers, two of everything, faults, and a walk
with `kill -9` through a generation and an execution."""

import json
import os
import random
import subprocess
import sys

from tests.stack import ROOT

SECONDS = 12
STRIDE = 40
"""Of the walk with `kill -9`; `make faults` takes every step."""


def test_nothing_is_lost_under_faults() -> None:
    seed = os.environ.get("HISTORY_SEED") or str(random.randrange(10**6))
    print(f"python -m tests.history --walk {STRIDE} --seconds {SECONDS} --seed {seed}")
    run = subprocess.run(
        [sys.executable, "-m", "tests.history", "--walk", str(STRIDE), "--seconds", str(SECONDS), "--seed", seed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    print(run.stdout, run.stderr)
    assert run.returncode == 0
    said = json.loads(run.stdout)
    assert said["killed_at_events"]["execution"] >= 2
    counts = said["counts"]
    assert counts["readings"] >= 100
    assert counts["ways"]["WebSocket"] >= 20
    assert counts["events"] > 1000
