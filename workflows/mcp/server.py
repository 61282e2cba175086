"""What a server is, what it has and gives, and the one way in which it fails. Loads nothing of the SDK."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, TypedDict

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


class ListedTool(TypedDict):
    """As the server has it. `read_only`: it says that it changes nothing."""

    name: str
    description: str
    parameters: dict[str, Any]
    read_only: bool


class Listing(NamedTuple):
    """`left_out`: a sentence for each thing that was not taken."""

    tools: list[ListedTool]
    left_out: list[str]


class Answer(NamedTuple):
    """What a call gave, as a model reads it. `ok`: whether the tool did its work."""

    ok: bool
    text: str


Progress = Callable[[float, float | None, str | None], Awaitable[None]]


class Callee(Protocol):
    """A server that is connected."""

    async def call(self, tool: str, arguments: Mapping[str, Any], progress: Progress) -> Answer:
        """Raises `ServerFailed`."""
