"""Who takes part in a run: writers, clients and readers, some of whom have to do with conversations."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sessions.callers import Caller
from sessions.models import ClientSession
from tests.history.clients import Client
from tests.history.conversation_writers import ConversationWriter
from tests.history.conversations import ConversationReader, Conversations
from tests.history.history import Reading, StatusSeen, Stream
from tests.history.http import Http
from tests.history.readers import Reader
from tests.history.sockets import SocketReader
from tests.history.talkers import Talker
from tests.history.writers import Writer
from workflows.models import Agent

TALKS = 4
"""Every so manieth of them is one for conversations."""
SOCKETS = 5
"""Every so manieth reader has a WebSocket."""


@dataclass
class Crowd:
    """All of them, and what they share. `seed` decides what each does."""

    seed: int
    caller: Caller
    agent: Agent
    sessions: list[ClientSession]
    http: Http
    conversations: Conversations = field(default_factory=Conversations)
    streams: list[Stream] = field(default_factory=list)
    statuses: list[StatusSeen] = field(default_factory=list)
    writers: list[Writer] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)

    def gather(self, writers: int, clients: int, readers: int, rivals: ThreadPoolExecutor) -> None:
        """So many of each."""
        self.streams += [Stream("session", str(session.pk)) for session in self.sessions]
        self.writers = [self._writer(number, rivals) for number in range(writers)]
        self.clients = [self._client(number) for number in range(clients)]
        self.readers = [self._reader(number) for number in range(readers)]

    @property
    def readings(self) -> list[Reading]:
        began = [reading for client in self.clients if isinstance(client, Talker) for reading in client.readings]
        return [*began, *(reading for reader in self.readers for reading in reader.readings)]

    def _writer(self, number: int, rivals: ThreadPoolExecutor) -> Writer:
        name = f"writer-{number}"
        if number % TALKS:
            return Writer(name, self.seed, self.caller, self.sessions, self.streams, rivals)
        return ConversationWriter(name, self.seed, self.caller, self.streams, rivals, self.agent, self.conversations)

    def _client(self, number: int) -> Client:
        name = f"client-{number}"
        if number % TALKS:
            return Client(name, self.seed, self.http, self.streams, [str(session.pk) for session in self.sessions])
        return Talker(name, self.seed, self.http, self.streams, str(self.agent.pk), self.conversations)

    def _reader(self, number: int) -> Reader:
        name = f"reader-{number}"
        if number % SOCKETS == 1:
            return SocketReader(name, self.seed, self.http, self.streams, self.statuses)
        if number % TALKS:
            return Reader(name, self.seed, self.http, self.streams, self.statuses)
        return ConversationReader(name, self.seed, self.http, self.streams, self.statuses, self.conversations)
