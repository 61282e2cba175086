import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .running import LocalRun, processes_of, wait_until


@pytest.fixture
def data() -> Iterator[Path]:
    """A path for a data folder, below one that PostgreSQL's user can reach; pytest's own folders are private."""
    base = Path(tempfile.mkdtemp(prefix="evoserver-test-"))
    if os.geteuid() == 0:
        base.chmod(0o711)
    path = base / "data folder"
    yield path
    wait_until(lambda: not processes_of(path))
    shutil.rmtree(base)


@pytest.fixture
def start(data: Path) -> Iterator[Callable[..., LocalRun]]:
    """Starts supervisors, which do not outlive the test."""
    started: list[LocalRun] = []

    def start_one(*programs: str, **settings: str) -> LocalRun:
        run = LocalRun(programs, {"EVOSERVER_DATA_DIR": str(data), **settings})
        started.append(run)
        return run

    yield start_one
    for run in started:
        run.end()
