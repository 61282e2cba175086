"""What cannot start says so in one line that names the setting."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evoserver.local.environment import PROJECT

from .running import NO_ENGINES, LocalRun

Start = Callable[..., LocalRun]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def refusal(run: LocalRun) -> str:
    assert run.process.wait(20) == 1
    assert run.output.startswith("evoserver: ")
    assert run.output.count("\n") == 1
    return run.output


def test_a_taken_port_names_server_port(start: Start, taken_port: int) -> None:
    assert "SERVER_PORT" in refusal(start("web", SERVER_PORT=str(taken_port)))


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "8001.5", "8\u0660"])
def test_a_port_that_is_no_number_names_server_port(port: str) -> None:
    command = (sys.executable, "-m", "evoserver.local", "run")
    done = subprocess.run(command, cwd=PROJECT, env={"SERVER_PORT": port}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("evoserver: SERVER_PORT")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_a_host_that_is_not_this_machine_names_server_host(start: Start, host: str) -> None:
    assert "SERVER_HOST" in refusal(start("web", SERVER_HOST=host))


@pytest.mark.parametrize("path", ["/proc/evoserver", "/dev/null/data"])
def test_an_unwritable_folder_names_evoserver_data_dir(start: Start, path: str) -> None:
    assert "EVOSERVER_DATA_DIR" in refusal(start("web", EVOSERVER_DATA_DIR=path))


def test_a_folder_in_use_names_evoserver_data_dir(start: Start) -> None:
    first = start("web", **NO_ENGINES)
    first.wait_for("is ready at")
    assert "EVOSERVER_DATA_DIR" in refusal(start("web", **NO_ENGINES))
    first.stop()


def test_a_step_that_fails_ends_the_start(start: Start) -> None:
    run = start("failing", "web", **NO_ENGINES)
    assert run.process.wait(20) == 1
    assert "failing    | no such table" in run.output
    assert run.output.splitlines()[-1].startswith("evoserver: ")


def test_a_private_folder_holds_what_is_secret(start: Start, data: Path) -> None:
    run = start("web", **NO_ENGINES)
    run.wait_for("is ready at")
    for name in ("instance.env", "secret-key", "admin-password"):
        assert (data / name).stat().st_mode & 0o077 == 0
    run.stop()
    assert not (data / "instance.env").exists()
    assert (data / "admin-password").read_text().strip() not in (data / "logs" / "server.log").read_text()
