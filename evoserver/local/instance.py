"""One running Evoserver: where its parts are, and what its processes are told."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from evoserver.local.environment import Environment
from evoserver.local.folder import DataFolder, write_private
from evoserver.local.ports import free_port

PUBLISHED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEMO_MODEL_URL", "LOCAL_ACCESS", "HTTPS")


@dataclass(frozen=True)
class Instance:
    """What is decided before the first child starts. `model_port` is None when a real model was configured."""

    host: str
    port: int
    folder: Path
    model_port: int | None
    admin_password: str
    variables: dict[str, str]
    """The environment of every child."""

    @property
    def url(self) -> str:
        """As a browser on this machine would write it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - all interfaces include loopback
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def make_instance(environment: Environment, folder: DataFolder, database_url: str, redis_url: str) -> Instance:
    """Complete what the environment says by what the data folder keeps."""
    given = environment.variables
    password = given.get("EVOSERVER_ADMIN_PASSWORD") or folder.secret(
        "admin-password", lambda: secrets.token_urlsafe(12)
    )
    model_port = None if environment.has_model else free_port()
    variables = {
        **given,
        "SERVER_HOST": environment.host,
        "SERVER_PORT": str(environment.port),
        "EVOSERVER_DATA_DIR": str(environment.data_folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": given.get("SECRET_KEY") or folder.secret("secret-key", lambda: secrets.token_urlsafe(48)),
        "LOCAL_ACCESS": given.get("LOCAL_ACCESS") or "1",
        # Nothing here speaks it; who has a proxy in front that does says so.
        "HTTPS": given.get("HTTPS") or "0",
    }
    if model_port:
        variables["DEMO_MODEL_URL"] = f"http://127.0.0.1:{model_port}/v1"
    return Instance(environment.host, environment.port, environment.data_folder, model_port, password, variables)


def publish(instance: Instance, folder: DataFolder) -> Path:
    """Write `instance.env`, by which `manage.py` in another shell finds the running instance."""
    file = folder.path / "instance.env"
    lines = (f"{name}={instance.variables[name]}\n" for name in PUBLISHED if name in instance.variables)
    write_private(file, "".join(lines))
    return file
