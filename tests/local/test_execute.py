"""`python -m evoserver.local exec`: exit codes, signals, and nothing left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from evoserver.local.environment import PROJECT

from .running import processes_of, running, wait_until

EXEC = (sys.executable, "-m", "evoserver.local", "exec", "--")


def leftovers(folder: str) -> list[object]:
    return [*processes_of(Path(folder)), *Path(folder).parent.glob(Path(folder).name)]


def test_the_command_finds_its_engines_and_its_exit_code_is_passed_on(tmp_path: Path) -> None:
    script = """if True:
        import os, psycopg, redis, sys
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
        redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
        print(os.environ["EVOSERVER_DATA_DIR"])
        sys.exit(7)
    """
    done = subprocess.run(
        (*EXEC, sys.executable, "-c", script), cwd=PROJECT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 7, done.stderr
    assert done.stderr == ""
    assert not leftovers(done.stdout.strip())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 5), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_signals_reach_the_command_and_nothing_is_left(number: signal.Signals, code: int) -> None:
    """With a stray process in a session of its own, as a test that died might leave one."""
    script = """if True:
        import os, subprocess, sys, time
        subprocess.Popen(["sh", "-c", "sleep 600 & sleep 600"], start_new_session=True, stdout=subprocess.DEVNULL)
        try:
            print(os.environ["EVOSERVER_DATA_DIR"], flush=True)
            time.sleep(600)
        except KeyboardInterrupt:
            sys.exit(5)
    """
    command = (*EXEC, sys.executable, "-c", script)
    with running(command, cwd=PROJECT, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        folder = process.stdout.readline().strip()
        process.send_signal(number)
        assert process.wait(20) == code
    if number is signal.SIGKILL:
        # Nobody was left to clean up; what the kernel can do is done: the engines and the command are gone.
        wait_until(lambda: all(_is_stray(process) for process in processes_of(Path(folder))))
        for stray in processes_of(Path(folder)):
            stray.kill()
        subprocess.run(("rm", "-rf", folder), check=True)
    else:
        assert not leftovers(folder)


def test_a_command_that_does_not_exist_is_one_line(data: Path) -> None:
    place = {**os.environ, "TMPDIR": str(data.parent)}
    command = (*EXEC, "no-such-command")
    done = subprocess.run(command, cwd=PROJECT, env=place, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "evoserver: no-such-command cannot be started: No such file or directory.\n"
    assert not list(data.parent.iterdir())


def _is_stray(process: psutil.Process) -> bool:
    try:
        return process.name() in ("sh", "sleep")
    except psutil.NoSuchProcess:
        return False


def test_what_these_tests_look_for_is_found() -> None:
    with running(("sleep", "600"), env={"EVOSERVER_DATA_DIR": "/tmp/x y"}) as process:
        wait_until(lambda: [found.pid for found in processes_of(Path("/tmp/x y"))] == [process.pid])
