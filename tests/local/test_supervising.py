"""Children that die, and every way to stop. Without engines, since these are about the rest."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evoserver.local.environment import PROJECT
from evoserver.local.ports import free_port

from .running import NO_ENGINES, UNSET, LocalRun, processes_of, running, wait_until

Start = Callable[..., LocalRun]


def test_a_child_that_dies_is_restarted_and_said_so(start: Start) -> None:
    run = start("web", **NO_ENGINES)
    run.wait_for("is ready at")
    first = run.get("/pid")
    os.kill(int(first), signal.SIGKILL)
    run.wait_for("supervisor | web died (SIGKILL), restarting in 0.5 s")
    wait_until(lambda: run.output.count("served /health") and _answers(run))
    assert run.get("/pid") != first
    run.stop()


def test_a_child_that_cannot_start_is_tried_ever_more_slowly(start: Start) -> None:
    run = start("web", "fragile", **NO_ENGINES)
    run.wait_for("supervisor | fragile died (exit 3), restarting in 0.5 s")
    run.wait_for("supervisor | fragile died (exit 3), restarting in 1 s")
    run.wait_for("supervisor | fragile died (exit 3), restarting in 2 s")
    assert "fragile    | what a pity" in run.output
    run.stop()


def test_sigterm_stops_a_stuck_server_with_an_open_stream_in_time(start: Start, data: Path) -> None:
    run = start("stubborn", **NO_ENGINES)
    run.wait_for("is ready at")
    with run.open_stream("/stream"):
        run.stop()
    assert run.process.returncode == 0
    assert "stubborn does not stop; killing it" in run.output
    assert not processes_of(data)


def test_a_second_ctrl_c_stops_at_once(start: Start, data: Path) -> None:
    run = start("stubborn", **NO_ENGINES)
    run.wait_for("is ready at")
    while run.process.poll() is None:
        run.process.send_signal(signal.SIGINT)
        try:
            run.process.wait(0.3)
        except subprocess.TimeoutExpired:
            pass
    assert "does not stop" not in run.output, "it was not waited for"
    assert run.process.returncode == 0
    assert not processes_of(data)


def test_a_child_takes_its_own_children_along(start: Start, data: Path) -> None:
    run = start("web", "parent", **NO_ENGINES)
    run.wait_for("is ready at")
    wait_until(lambda: len(processes_of(data)) == 4)
    run.stop(signal.SIGHUP)
    assert not processes_of(data)


def test_it_runs_on_when_nobody_reads_what_it_says(data: Path) -> None:
    settings = {**UNSET, **NO_ENGINES, "EVOSERVER_DATA_DIR": str(data), "SERVER_PORT": str(free_port())}
    command = (sys.executable, "-m", "tests.local.stand_in", "web")
    with running(command, cwd=PROJECT, env={**os.environ, **settings}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        log = data / "logs" / "server.log"
        wait_until(lambda: log.exists() and "the terminal is gone" in log.read_text())
        assert process.poll() is None
        process.terminate()
        assert process.wait(5) == 0
    assert "stopped by SIGTERM" in log.read_text()


def test_it_starts_without_standard_streams(data: Path) -> None:
    settings = {**UNSET, **NO_ENGINES, "EVOSERVER_DATA_DIR": str(data), "SERVER_PORT": str(free_port())}
    script = 'exec "$@" <&- >&- 2>&-'
    command = ("sh", "-c", script, "sh", sys.executable, "-m", "tests.local.stand_in", "web")
    with running(command, cwd=PROJECT, env={**os.environ, **settings}) as process:
        log = data / "logs" / "server.log"
        wait_until(lambda: log.exists() and "ready after" in log.read_text())
        process.terminate()
        assert process.wait(5) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_stops_when_make_is_signalled_instead(number: signal.Signals, data: Path, tmp_path: Path) -> None:
    settings = {**UNSET, **NO_ENGINES, "EVOSERVER_DATA_DIR": str(data), "SERVER_PORT": str(free_port())}
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@exec '{sys.executable}' -m tests.local.stand_in web\n")
    command = ("make", "--file", str(makefile), "run")
    with running(command, cwd=PROJECT, env={**os.environ, **settings}, start_new_session=True) as make:
        log = data / "logs" / "server.log"
        wait_until(lambda: log.exists() and "ready after" in log.read_text())
        make.send_signal(number)
        wait_until(lambda: not processes_of(data), 5)
    assert "stopped by SIGTERM" in log.read_text()


def _answers(run: LocalRun) -> bool:
    try:
        return bool(run.get("/pid"))
    except OSError:
        return False
