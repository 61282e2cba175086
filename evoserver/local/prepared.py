"""Remembers which code has prepared a database, so that the next start of the same code need not wait for it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from evoserver.local.environment import PROJECT

SOURCES = ("requirements.txt", "*/migrations/*.py", "evoserver/management/commands/prepare_local.py")


@dataclass(frozen=True)
class Mark:
    """A file inside the cluster, gone when the cluster is. `cluster` is None for a database that is not ours."""

    cluster: Path | None

    def is_current(self) -> bool:
        file = self._file
        return file is not None and file.exists() and file.read_text() == _digest()

    def set(self) -> None:
        if self._file is not None:
            self._file.write_text(_digest())

    @property
    def _file(self) -> Path | None:
        return self.cluster and self.cluster / "evoserver-prepared"


def _digest() -> str:
    """Of everything that decides what preparing does."""
    digest = hashlib.sha256()
    for file in sorted(file for pattern in SOURCES for file in PROJECT.glob(pattern)):
        digest.update(bytes(file.relative_to(PROJECT)) + b"\0" + file.read_bytes())
    return digest.hexdigest()
