"""What a server is, as far as reaching it goes, and the one way in which it fails."""

from dataclasses import dataclass, field
from typing import Final

from workflows.outgoing.addresses import Network

CONNECT_S: Final = 15.0
"""For a connection and its listing together; a process may have to start for it."""


class ServerFailed(Exception):
    """What is wrong with a server, in a sentence of ours for who reads it: a model, an administrator. No secrets."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True)
class Server:
    """A server by its `command`, or by its `url`: one of the two. Equal ones share a connection.

    `env` is what its process gets besides `PATH`, `HOME` and the language; `networks` are private ones that may be
    reached all the same; `timeout_s` is for one call.
    """

    name: str
    command: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    url: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    networks: tuple[Network, ...] = ()
    timeout_s: float = 30.0
