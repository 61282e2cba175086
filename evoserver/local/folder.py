"""The data folder: one supervisor at a time, its secrets, its logs."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evoserver.local.errors import LocalError

LOG_LIMIT_BYTES = 10_000_000


@dataclass(frozen=True)
class DataFolder:
    """An open data folder. `path` is absolute; everything in it is the owner's alone."""

    path: Path

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """What the file `name` holds; made once, and kept."""
        file = self.path / name
        if not file.exists():
            write_private(file, make() + "\n")
        return file.read_text().strip()

    def subfolder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def log(self, name: str) -> Path:
        """The file for an engine's log; an overlong one is put aside first, replacing the last that was."""
        file = self.subfolder("logs") / f"{name}.log"
        if file.exists() and file.stat().st_size > LOG_LIMIT_BYTES:
            file.replace(file.with_suffix(".log.1"))
        return file


@contextmanager
def open_folder(path: Path) -> Iterator[DataFolder]:
    """The data folder, made if missing, and locked for this process.

    Raises LocalError that names EVOSERVER_DATA_DIR if it cannot be written or is in use.
    """
    try:
        make_folder(path)
        with tempfile.TemporaryFile(dir=path):
            pass
        lock = lock_folder(path)
    except BlockingIOError:
        raise LocalError(
            f"another Evoserver runs on the data folder {path}: stop it, or set EVOSERVER_DATA_DIR to another folder."
        ) from None
    except OSError as error:
        raise LocalError(
            f"the data folder {path} cannot be written ({error.strerror}): set EVOSERVER_DATA_DIR to one that can."
        ) from None
    try:
        yield DataFolder(path)
    finally:
        os.close(lock)


def make_folder(path: Path) -> None:
    """Make the folder. Under root others may pass through it, since PostgreSQL runs as another user there."""
    if not path.is_dir():
        path.mkdir(parents=True)
        path.chmod(0o711 if os.geteuid() == 0 else 0o700)


def lock_folder(path: Path) -> int:
    """Lock the folder as long as the returned file descriptor is open; the kernel unlocks it when we die.

    Raises BlockingIOError if another process has locked it.
    """
    lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, all of it or nothing."""
    part = file.with_name(f"{file.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)
    part.replace(file)
