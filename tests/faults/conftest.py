"""A whole server on engines of its own, so that it can be harmed while the other tests' server lives."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.engines import Engines
from tests.faults.following import Following
from tests.history.rows import Rows
from tests.history.world import World
from tests.stack import ROOT


@pytest.fixture(scope="session")
def whole_world() -> Iterator[World]:
    """Two web processes, two workers, the demo model, PostgreSQL and Redis."""
    with Engines() as engines:
        folder = engines.folder / "server"
        folder.mkdir()
        world = World(engines, folder)
        for command in ("migrate", "prepare_local"):
            subprocess.run(
                [sys.executable, "manage.py", command, "--verbosity", "0"],
                cwd=ROOT,
                env=world.stack.environment,
                check=True,
            )
        with world:
            yield world
        assert "deadlock detected" not in (engines.folder / "logs" / "postgres.log").read_text()
    assert not world.left_behind


@pytest.fixture
def world(whole_world: World) -> Iterator[World]:
    """The same, made whole again after each test."""
    yield whole_world
    whole_world.mend()


@pytest.fixture
def rows(world: World) -> Rows:
    """What its database holds."""
    return Rows(world.engines.postgres.url)


@pytest.fixture
def following(world: World) -> Iterator[Following]:
    """Reads streams in the background."""
    with Following(world.urls) as readers:
        yield readers
