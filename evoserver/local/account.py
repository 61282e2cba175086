"""The user that PostgreSQL runs as. It refuses root, so root lends it another one."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from evoserver.local.errors import LocalError


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


def account_for(database: Path) -> Account | None:
    """Whom to run PostgreSQL as: nobody else (None) for an ordinary user; for root the database's owner, or `nobody`.

    Raises LocalError where there is no such user.
    """
    if os.geteuid() != 0:
        return None
    try:
        owner = database.stat().st_uid if database.exists() else 0
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        raise LocalError(
            "PostgreSQL does not run as root, and this machine has no user `nobody` to lend it: "
            "set DATABASE_URL to a server of your own, or start as an ordinary user."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def is_reachable_by_all(folder: Path) -> bool:
    """Whether another user can get to `folder`: it and everything above it is open to the world."""
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))
