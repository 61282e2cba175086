"""The walks of `examples/evoagentx/` as a user starts them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.cutting import cutting_proxy

GOAL = "Collect customer reviews and sales figures, then write a summary"
EDGE = "collect_sales_figures --> write_summary"


def walk(root: Path, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(root / "examples" / "evoagentx" / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_blocking_walk_prints_the_workflow(root: Path, url: str) -> None:
    done = walk(root, "blocking.py", GOAL, "--url", url)

    assert done.returncode == 0, done.stderr
    assert "write_summary(customer_reviews, sales_figures) -> summary" in done.stdout
    assert EDGE in done.stdout


def test_the_stream_walk_shows_progress_and_then_the_workflow(root: Path, url: str) -> None:
    done = walk(root, "task_stream.py", GOAL, "--url", url)

    assert done.returncode == 0, done.stderr
    bars = [line for line in done.stdout.splitlines() if line.startswith("[")]
    assert bars[-1] == f"[{'#' * 24}] 100 %  Completed"
    assert any("Planned 3 nodes" in bar for bar in bars)
    assert EDGE in done.stdout
    assert done.stderr == ""


def test_the_stream_walk_goes_on_where_its_connection_was_cut(root: Path, url: str) -> None:
    whole = walk(root, "task_stream.py", GOAL, "--url", url).stdout
    with cutting_proxy(url, cuts=1, after_bytes=1500) as proxy:
        done = walk(root, "task_stream.py", GOAL, "--url", proxy)

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Going on after event") == 1
    assert "Going on after event 0" not in done.stderr
    assert done.stdout == whole


def test_the_session_walk_shows_a_line_for_each_task(root: Path, url: str) -> None:
    goals = ["Translate the manual", "Clean the data and plot it"]
    done = walk(root, "client_session.py", *goals, "--url", url)

    assert done.returncode == 0, done.stderr
    for goal in goals:
        assert f"100 %  {goal}: completed" in done.stdout
    assert "clean_data --> plot_data" in done.stdout
    assert done.stderr == ""


def test_the_session_walk_goes_on_where_its_connection_was_cut(root: Path, url: str) -> None:
    with cutting_proxy(url, cuts=1, after_bytes=2500) as proxy:
        done = walk(root, "client_session.py", "Translate the manual", "--url", proxy)

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Going on after event") == 1
    assert done.stdout.count("Planned 2 nodes") == 1


@pytest.mark.parametrize("name", ["blocking.py", "task_stream.py", "client_session.py"])
def test_a_walk_says_what_is_wrong(root: Path, url: str, name: str) -> None:
    refused = walk(root, name, " ", "--url", url)
    alone = walk(root, name, GOAL, "--url", "http://127.0.0.1:9")

    assert refused.returncode == alone.returncode == 1
    assert "The server answered 422" in refused.stderr
    assert "No server answers at http://127.0.0.1:9" in alone.stderr
    assert "Traceback" not in refused.stderr + alone.stderr
