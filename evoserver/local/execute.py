"""`exec -- COMMAND`: the command with engines of its own, of which nothing is left."""

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager, suppress
from pathlib import Path

import psutil

from evoserver.local.account import is_reachable_by_all
from evoserver.local.console import Console
from evoserver.local.engines import HOME_RECORD, open_home, start_postgres, start_redis
from evoserver.local.errors import LocalError
from evoserver.local.folder import lock_folder, open_folder
from evoserver.local.leash import adopt_orphans
from evoserver.local.process import Process, start_in_foreground
from evoserver.local.stopping import StopRequest, wait_unless
from evoserver.local.supervisor import Supervisor

PREFIX = "evoserver-exec-"
ABANDONED_AFTER_SECONDS = 60
COMMAND_PATIENCE = 10.0


async def execute(command: tuple[str, ...], *, durable: bool = False) -> int:
    """Run the command to its end and return its exit code, or 128 plus the signal that ended it or us.

    `durable` engines write to the disk as those of `make run` do; that takes longer, and only benchmarks care.
    Raises LocalError if the engines or the command cannot be started.
    """
    request = StopRequest()
    adopt_orphans()
    try:
        async with AsyncExitStack() as stack:
            path = stack.enter_context(_temporary_folder())
            stack.callback(_kill_descendants)
            folder = stack.enter_context(open_folder(path))
            home = stack.enter_context(open_home(folder))
            console = stack.enter_context(closing(Console(None)))
            engines = await stack.enter_async_context(Supervisor(console, request.hurry))
            redis_url = await start_redis(engines, folder, durable=durable)
            database_url = await start_postgres(engines, folder, home, durable=durable)
            process = _start(command, _environment(path, database_url, redis_url))
            return await _finish(process, request)
    except asyncio.CancelledError:
        if request.signal is None:
            raise
        return 128 + request.signal


def _environment(path: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """No key of a model: it would be the user's, out of `.env`, and tests must not spend their money."""
    return {
        **os.environ,
        "EVOSERVER_DATA_DIR": str(path),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "OPENAI_API_KEY": "",
        "OPENAI_BASE_URL": "",
        "HTTPS": os.environ.get("HTTPS") or "0",
    }


def _start(command: tuple[str, ...], environment: dict[str, str]) -> Process:
    try:
        return start_in_foreground(command, environment)
    except OSError as error:
        raise LocalError(f"{command[0]} cannot be started: {error.strerror}.") from None


async def _finish(process: Process, request: StopRequest) -> int:
    """Wait for the command. A request to stop is passed on to it, and it is given time to clean up."""
    try:
        code = await asyncio.shield(process.exited)
    except asyncio.CancelledError:
        if request.signal is None:
            raise
        if not (request.signal is signal.SIGINT and _is_in_foreground()):
            process.send(request.signal)
        await wait_unless(request.hurry, process.exited, COMMAND_PATIENCE)
        process.send(signal.SIGKILL)
        code = await process.exited
    return code if code >= 0 else 128 - code


def _is_in_foreground() -> bool:
    """Whether a terminal's Ctrl-C reaches our whole group, and so the command without our help."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


def _kill_descendants() -> None:
    """Whatever the command left running: those whose parents died are our children, see `adopt_orphans`."""
    while strays := psutil.Process().children(recursive=True):
        for stray in strays:
            with suppress(psutil.NoSuchProcess):
                stray.kill()
        _, alive = psutil.wait_procs(strays, timeout=2)
        if len(alive) == len(strays):
            return


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder that other users can pass through, as PostgreSQL's may have to. Removes those of killed runs, too."""
    base = Path(tempfile.gettempdir())
    if os.geteuid() == 0 and not is_reachable_by_all(base):
        base = Path("/tmp")  # noqa: S108 - what follows is made by mkdtemp
    _sweep(base)
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    path.chmod(0o711)
    try:
        yield path
    finally:
        _remove(path)


def _sweep(base: Path) -> None:
    """Remove what killed runs left: folders of ours, no longer locked. One that is being made has a minute's grace."""
    for path in base.glob(f"{PREFIX}*"):
        with suppress(OSError):
            found = path.stat()
            if found.st_uid == os.geteuid() and time.time() - found.st_mtime > ABANDONED_AFTER_SECONDS:
                lock = lock_folder(path)
                _remove(path)
                os.close(lock)


def _remove(path: Path) -> None:
    if (record := path / HOME_RECORD).exists():
        shutil.rmtree(record.read_text().strip(), ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)
