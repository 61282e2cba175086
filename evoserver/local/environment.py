"""What the environment and `.env` ask of a local run."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import environ

from evoserver.local.errors import LocalError
from workflows.placeholders import is_placeholder

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Environment:
    """The settings of a local run; an empty one counts as unset. `variables` is everything, for the children."""

    host: str
    port: int
    data_folder: Path
    database_url: str | None
    redis_url: str | None
    variables: Mapping[str, str]

    @property
    def has_model(self) -> bool:
        """Whether a model was configured, so that the demo model is not needed."""
        key, base_url = self.variables.get("OPENAI_API_KEY", ""), self.variables.get("OPENAI_BASE_URL", "")
        return bool(base_url) or not is_placeholder(key)


def read_environment() -> Environment:
    """The environment, completed by the project's `.env`.

    Raises LocalError that names the setting if one cannot be understood.
    """
    environ.Env.read_env(PROJECT / ".env")
    get = os.environ.get
    return Environment(
        host=get("SERVER_HOST") or "127.0.0.1",
        port=_port(get("SERVER_PORT") or "8001"),
        data_folder=Path(os.path.abspath(get("EVOSERVER_DATA_DIR") or PROJECT / ".data")),
        database_url=get("DATABASE_URL") or None,
        redis_url=get("REDIS_URL") or None,
        variables=dict(os.environ),
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise LocalError(f"SERVER_PORT is {text!r}, but must be a number from 1 to 65535.")
    return int(text)
