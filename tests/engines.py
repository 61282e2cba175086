"""PostgreSQL and Redis of a test's own, to be stopped, paused, wiped and started again."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import redis

from evoserver.local.account import account_for
from evoserver.local.engines import Engine, open_home
from evoserver.local.folder import open_folder
from evoserver.local.ports import free_port
from evoserver.local.postgres import Postgres
from evoserver.local.redis import Redis
from tests.stack import READY_SECONDS


class Harmed:
    """One engine's process. It keeps its port and its data through every harm, unless it is wiped."""

    def __init__(self, engine: Engine) -> None:
        engine.prepare()
        self.engine = engine.on_port(free_port())
        self.url = self.engine.url
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.engine.prepare()
        child = self.engine.child()
        assert child.log
        with child.log.open("ab") as log:
            self._popen = subprocess.Popen(
                child.command,
                cwd=child.folder,
                env=dict(child.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=child.account.uid if child.account else None,
                group=child.account.gid if child.account else None,
                extra_groups=[] if child.account else None,
            )
        pid = self._popen.pid
        _wait(lambda: self.engine.is_ready(pid) or not self.is_alive, f"{self.engine.name} is ready")
        assert self.is_alive, f"{self.engine.name} died: {child.log.read_text()[-2000:]}"

    def stop(self, how: signal.Signals) -> None:
        """Send a signal that ends it and wait for the end."""
        if self._popen is None:
            return
        # One that is paused would not hear the signal.
        for number in (how, signal.SIGCONT):
            with suppress(ProcessLookupError):
                self._popen.send_signal(number)
        try:
            self._popen.wait(READY_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            raise

    def restart(self, how: signal.Signals) -> None:
        self.stop(how)
        self.start()

    def pause(self) -> None:
        """Hold it: connections stay, answers do not come."""
        assert self._popen
        self._popen.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._popen
        self._popen.send_signal(signal.SIGCONT)


class Engines:
    """Both engines in a temporary folder. PostgreSQL is durable: what it answered must survive its own `kill -9`."""

    def __enter__(self) -> Self:
        with ExitStack() as cleanup:
            base = Path(tempfile.mkdtemp(prefix="evoserver-harm-"))
            base.chmod(0o711 if os.geteuid() == 0 else 0o700)
            cleanup.callback(shutil.rmtree, base, ignore_errors=True)
            folder = cleanup.enter_context(open_folder(base / "data"))
            home = cleanup.enter_context(open_home(folder))
            if home != folder.path:
                cleanup.callback(shutil.rmtree, home, ignore_errors=True)
            self.folder = folder.path
            account = account_for(home / "postgres")
            self.postgres = Harmed(Postgres(home, account, secrets.token_hex(24), folder.log("postgres")))
            self.redis = Harmed(
                Redis(folder.subfolder("redis"), secrets.token_hex(24), folder.log("redis"), durable=False)
            )
            for engine, ending in ((self.postgres, signal.SIGQUIT), (self.redis, signal.SIGKILL)):
                cleanup.callback(engine.stop, ending)
                engine.start()
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    @property
    def settings(self) -> dict[str, str]:
        """What the processes that run on these engines are told."""
        return {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.redis.url}

    def wipe_redis(self) -> None:
        with redis.Redis.from_url(self.redis.url) as client:
            client.flushall()

    def cut_connections(self, share: float = 1.0) -> int:
        """End that share of the database's connections, at random. Returns how many."""
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < %s",
                [share],
            ).fetchone()
        assert found
        return int(found[0])

    def mend(self) -> None:
        """Make both whole again, whatever was done to them."""
        for engine in (self.postgres, self.redis):
            if engine.is_alive:
                engine.go_on()
            else:
                engine.start()


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.01)
