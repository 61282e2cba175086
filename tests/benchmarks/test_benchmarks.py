"""The benchmarks run, and say what they measured. How fast it was is not for tests to judge."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.figures import Figure, percentile
from benchmarks.report import as_json, as_table


def test_a_quick_run_writes_its_figures(root: Path, tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "appends", "--quick", "--json", str(written)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    results = json.loads(written.read_text())
    assert list(results["benchmarks"]) == ["appends"]
    assert results["machine"]["postgresql"]["fsync"] == "on"
    figures = {figure["figure"]: figure for figure in results["benchmarks"]["appends"]}
    assert figures["append, one by one"]["median"] > 0
    assert figures["append to the ORM"]["met"] in (True, False)
    assert "append, one by one" in done.stderr


def test_an_unknown_benchmark_is_refused(root: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "nonsense"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert "latency" in done.stderr


def test_figures_are_medians_that_are_held_against_their_targets() -> None:
    fast, slow = Figure("fast", "ms", at_most=2), Figure("slow", "×", at_least=5)
    rounds = [{fast: 1.0, slow: 4.0}, {fast: 9.0, slow: 6.0}, {fast: 1.5, slow: 4.5}]

    assert [(row["median"], row["met"]) for row in as_json(rounds)] == [(1.5, True), (4.5, False)]
    assert "MISSED" in as_table("some", rounds).splitlines()[2]


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7.0], 0.5) == 7.0
