"""PostgreSQL and Redis as the supervisor runs them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from evoserver.local.account import account_for
from evoserver.local.engines import HOME_RECORD
from evoserver.local.ports import free_port
from evoserver.local.postgres import Postgres

from .running import LocalRun, processes_of, running, wait_until

Start = Callable[..., LocalRun]


def published(data: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (data / "instance.env").read_text().splitlines())


def ask(data: Path, query: str) -> object:
    with psycopg.connect(published(data)["DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def postmaster(data: Path) -> psutil.Process:
    return psutil.Process(postmaster_pid(data))


def postmaster_pid(data: Path) -> int:
    """0 as long as PostgreSQL has not written it."""
    try:
        lines = (data / "postgres" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return 0
    return int(lines[0]) if lines else 0


def test_engines_keep_their_data_and_come_back_where_they_were(start: Start, data: Path) -> None:
    first = start("web")
    first.wait_for("is ready at")
    assert ask(data, "SHOW timezone") == "UTC"
    assert ask(data, "SHOW server_encoding") == "UTF8"
    assert ask(data, "SHOW fsync") == "on"
    ask(data, "CREATE TABLE kept AS SELECT 7 AS number")
    urls = published(data)
    with redis.Redis.from_url(urls["REDIS_URL"]) as queue:
        queue.rpush("evoserver", "a task")

    postmaster(data).kill()
    first.wait_for("supervisor | postgres died (SIGKILL), restarting in 0.5 s")
    wait_until(lambda: _connects(data))
    assert ask(data, "SELECT number FROM kept") == 7
    assert published(data) == urls

    first.stop(signal.SIGINT)
    assert first.process.returncode == 0
    assert not processes_of(data)

    second = start("web")
    second.wait_for("is ready at")
    assert ask(data, "SELECT number FROM kept") == 7
    with redis.Redis.from_url(published(data)["REDIS_URL"]) as queue:
        assert queue.lrange("evoserver", 0, -1) == [b"a task"]


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_works(start: Start, data: Path) -> None:
    first = start("stubborn")
    first.wait_for("is ready at")
    with first.open_stream("/stream"):
        first.process.kill()
        first.process.wait()
        wait_until(lambda: not processes_of(data), 5)
    second = start("stubborn")
    second.wait_for("is ready at")
    # Killed again, and started while what it left is still ending.
    second.process.kill()
    second.process.wait()
    third = start("web")
    third.wait_for("is ready at")
    third.stop()


def test_two_instances_run_side_by_side(start: Start, data: Path) -> None:
    first, second = start("web"), start("web", EVOSERVER_DATA_DIR=str(data / "second"))
    first.wait_for("is ready at")
    second.wait_for("is ready at")
    assert first.get("/database") != second.get("/database")
    second.stop()
    assert ask(data, "SELECT 1") == 1


@pytest.fixture
def stopped(start: Start, data: Path) -> Path:
    """A data folder with a database, whose supervisor stopped as it should."""
    run = start("web")
    run.wait_for("is ready at")
    run.stop()
    return data


def test_a_pid_file_of_a_dead_or_of_another_process_is_no_obstacle(start: Start, stopped: Path) -> None:
    pid_file = stopped / "postgres" / "postmaster.pid"
    with subprocess.Popen((sys.executable, "-c", "pass")) as dead:
        pass
    owner = stopped.joinpath("postgres").stat().st_uid
    # The number is in use again: by a process of PostgreSQL's own user, the one case in which it refuses to start.
    command = (sys.executable, "-S", "-c", "input()") if owner == os.geteuid() else ("cat",)
    other = subprocess.Popen(command, stdin=subprocess.PIPE, user=None if owner == os.geteuid() else owner)
    with other:
        for pid in (dead.pid, other.pid):
            pid_file.write_text(f"{pid}\n{stopped}/postgres\n1700000000\n5432\n\n127.0.0.1\n  1 1\nready   \n")
            os.chown(pid_file, owner, -1)
            run = start("web")
            run.wait_for("is ready at")
            run.stop()
        assert other.poll() is None
        assert other.stdin is not None
        other.stdin.close()


def test_a_postgres_that_outlived_its_supervisor_is_stopped_first(start: Start, stopped: Path) -> None:
    account = account_for(stopped / "postgres")
    child = Postgres(stopped, account, "", stopped / "orphan.log").on_port(free_port()).child()
    with running(
        child.command,
        cwd=child.folder,
        stderr=subprocess.DEVNULL,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    ) as orphan:
        wait_until(lambda: postmaster_pid(stopped) == orphan.pid)
        run = start("web")
        run.wait_for("is ready at")
        assert orphan.wait(5) == 0
    assert ask(stopped, "SELECT 1") == 1


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """A data folder below one that only root may enter."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    yield folder / "data"
    home = Path((folder / "data" / HOME_RECORD).read_text().strip())
    wait_until(lambda: not processes_of(folder / "data"))
    subprocess.run(("rm", "-rf", str(home), f"{home}.old"), check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend PostgreSQL another user")
def test_root_with_a_private_folder_keeps_the_database_elsewhere(start: Start, private: Path) -> None:
    for _ in range(2):
        run = start("web", EVOSERVER_DATA_DIR=str(private))
        run.wait_for("is ready at")
        assert not (private / "postgres").exists()
        ask(private, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS number")
        assert ask(private, "SELECT number FROM kept") == 7
        run.stop()


def _connects(data: Path) -> bool:
    try:
        return bool(ask(data, "SELECT 1"))
    except psycopg.OperationalError:
        return False
