"""A run of the checker, small enough for every day: 16 writers, 100 readers, two of everything, and faults."""

import json
import os
import random
import subprocess
import sys

from tests.stack import ROOT

SECONDS = 12


def test_nothing_is_lost_under_faults() -> None:
    seed = os.environ.get("HISTORY_SEED") or str(random.randrange(10**6))
    print(f"python -m tests.history --seconds {SECONDS} --seed {seed}")
    run = subprocess.run(
        [sys.executable, "-m", "tests.history", "--seconds", str(SECONDS), "--seed", seed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    print(run.stdout, run.stderr)
    assert run.returncode == 0
    counts = json.loads(run.stdout)["counts"]
    assert counts["readings"] >= 100
    assert counts["events"] > 1000
