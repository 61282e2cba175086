"""Starts the engines that a run needs, each on a free port, with its data below the data folder."""

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

from evoserver.local.account import Account, account_for, is_reachable_by_all
from evoserver.local.errors import LocalError
from evoserver.local.folder import DataFolder, lock_folder, write_private
from evoserver.local.ports import free_port
from evoserver.local.postgres import Postgres
from evoserver.local.process import Child
from evoserver.local.redis import Redis
from evoserver.local.supervisor import Supervisor

START_ATTEMPTS = 3
START_SECONDS = 60.0
SHARED_STATE = Path("/var/lib")
HOME_RECORD = "postgres-home"


class Engine(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def log(self) -> Path: ...
    @property
    def url(self) -> str: ...
    def on_port(self, port: int) -> Self: ...
    def prepare(self) -> None: ...
    def child(self) -> Child: ...
    def is_ready(self, pid: int) -> bool: ...


async def start_postgres(supervisor: Supervisor, folder: DataFolder, home: Path, *, durable: bool) -> str:
    """Start PostgreSQL and return its URL. `home` is from `open_home`.

    Raises LocalError if it does not start.
    """
    account = account_for(home / "postgres")
    password = folder.secret("postgres-password", lambda: secrets.token_hex(24))
    return await _start(supervisor, Postgres(home, account, password, folder.log("postgres"), durable))


async def start_redis(supervisor: Supervisor, folder: DataFolder, *, durable: bool) -> str:
    """Start Redis and return its URL.

    Raises LocalError if it does not start.
    """
    password = folder.secret("redis-password", lambda: secrets.token_hex(24))
    return await _start(supervisor, Redis(folder.subfolder("redis"), password, folder.log("redis"), durable))


async def _start(supervisor: Supervisor, engine: Engine) -> str:
    """Ready on a port that stays its own through restarts; another port if this one was taken in the meantime."""
    engine.prepare()
    for _ in range(START_ATTEMPTS):
        engine = engine.on_port(free_port())
        if await supervisor.keep_when_ready(engine.child(), engine.is_ready, START_SECONDS):
            return engine.url
        await asyncio.sleep(0.1)
    raise LocalError(f"{engine.name} does not start: {_last_line(engine.log)} (from {engine.log})")


@contextmanager
def open_home(folder: DataFolder) -> Iterator[Path]:
    """Where PostgreSQL's files are: the data folder, unless the user that it must run as cannot get there.

    That is so under root, when the data folder is below a private one such as /root. Then it is a folder of
    /var/lib, named by a digest of the data folder's path and recorded there in the file `postgres-home`.
    """
    record = folder.path / HOME_RECORD
    if record.exists():
        home = Path(record.read_text().strip())
    elif _fits(folder.path, account_for(folder.path / "postgres")):
        yield folder.path
        return
    else:
        home = SHARED_STATE / f"evoserver-{hashlib.sha256(bytes(folder.path)).hexdigest()[:12]}"
        _put_aside(home)
        write_private(record, f"{home}\n")
    lock = _lock_home(home)
    try:
        yield home
    finally:
        os.close(lock)


def _fits(folder: Path, account: Account | None) -> bool:
    return account is None or (folder / "postgres").exists() or is_reachable_by_all(folder)


def _put_aside(home: Path) -> None:
    """An old home without a record is what a deleted data folder left: start anew, but keep the last one."""
    if home.exists():
        old = home.with_name(f"{home.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        home.rename(old)


def _lock_home(home: Path) -> int:
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)
        return lock_folder(home)
    except BlockingIOError:
        raise LocalError(f"another Evoserver runs on {home}; is EVOSERVER_DATA_DIR a copy of its folder?") from None
    except OSError as error:
        raise LocalError(
            f"PostgreSQL's user cannot get to the data folder, and {home} cannot be made ({error.strerror}): "
            "set EVOSERVER_DATA_DIR to a folder that all users can reach."
        ) from None


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")
