"""One session with a server, held by a task of its own: what the SDK enters it has to leave in the same task."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from mcp import Client, MCPError
from mcp.client.session import IncomingMessage
from mcp_types import (
    CONNECTION_CLOSED,
    INVALID_REQUEST,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    ToolListChangedNotification,
)
from pydantic import ValidationError

from workflows.engine.text import cut, scrub
from workflows.mcp.addresses import address_transport
from workflows.mcp.listing import read_listing
from workflows.mcp.processes import process_transport
from workflows.mcp.results import answer_of
from workflows.mcp.server import CONNECT_S, Answer, Listing, Progress, Server, ServerFailed
from workflows.mcp.trouble import Trouble

logger = logging.getLogger(__name__)

CLOSE_S: Final = 10.0
QUOTED_CHARS: Final = 500


class Connection:
    """Opened once, used by many calls at once, closed once. Good until `is_over`."""

    def __init__(self, server: Server, clock: Callable[[], float] = time.monotonic) -> None:
        self.server = server
        self.listing = Listing([], [])
        self.used_at = clock()
        self.calls = 0
        self.on_list_changed: Callable[[], None] = lambda: None
        self._clock = clock
        self._client: Client | None = None
        self._trouble = Trouble()
        self._is_ready = asyncio.Event()
        self._closing = asyncio.Event()
        self._holder: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether no call can be made any more."""
        return self._closing.is_set() or self._holder is None or self._holder.done() or self._trouble.said is not None

    async def open(self, timeout_s: float = CONNECT_S) -> None:
        """Connect, agree on a version, and read the list of tools. Raises `ServerFailed`."""
        self._holder = asyncio.create_task(self._hold(), name=f"mcp {self.server.name}")
        ready = asyncio.create_task(self._is_ready.wait())
        is_open = False
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.wait({ready, self._holder}, return_when=asyncio.FIRST_COMPLETED)
                if not self._is_ready.is_set():
                    raise self._failure("The server could not be connected to.")
                await self.list()
            is_open = True
        except TimeoutError:
            raise ServerFailed(f"The server did not get ready within {timeout_s:g} s.") from None
        finally:
            ready.cancel()
            if not is_open:  # it failed, or who wanted it was cancelled
                await self.close()

    async def list(self) -> Listing:
        """The server's tools as they are now. Raises `ServerFailed`."""
        client = self._open_client()
        try:
            self.listing = await read_listing(lambda page: client.session.list_tools(params=page))
        except (MCPError, ValidationError, RuntimeError) as error:
            raise self._failure(self._said(error)) from None
        return self.listing

    async def call(self, tool: str, arguments: Mapping[str, Any], progress: Progress) -> Answer:
        """Call a tool by the server's name for it. Who is cancelled meanwhile tells the server.

        Raises `ServerFailed`. A server that does not answer in time is given up, and started anew for the next call.
        """
        client = self._open_client()
        self.calls += 1
        try:
            async with asyncio.timeout(self.server.timeout_s):
                # Not `client.call_tool`: it would check the result against a schema of the server's, whose patterns
                # could hold up the loop.
                result = await client.session.send_request(
                    CallToolRequest(params=CallToolRequestParams(name=tool, arguments=dict(arguments))),
                    CallToolResult,
                    progress_callback=_Told(progress),
                )
        except TimeoutError:
            self._trouble.say("The server did not answer a call in time.")
            raise ServerFailed(
                f"The server did not answer within {self.server.timeout_s:g} s. Whether the call had its effect is "
                "unknown."
            ) from None
        except MCPError as error:
            if error.code in (CONNECTION_CLOSED, INVALID_REQUEST):
                # It may not have closed yet, or speak of a session that is not there any more.
                self._trouble.say(self._said(error))
                raise self._failure(self._said(error), " Whether the call had its effect is unknown.") from None
            raise ServerFailed(self._said(error)) from None
        except (ValidationError, RuntimeError) as error:
            raise self._failure(self._said(error)) from None
        else:
            return answer_of(result)
        finally:
            self.calls -= 1
            self.used_at = self._clock()

    async def close(self) -> None:
        """End the session, and the process if there is one. Does not raise."""
        self._closing.set()
        if self._holder is None:
            return
        if not self._is_ready.is_set():
            # Who gives up while it connects does not wait for what hangs.
            self._holder.cancel()
        await asyncio.wait({self._holder}, timeout=CLOSE_S)
        if not self._holder.done():
            self._holder.cancel()
            await asyncio.wait({self._holder}, timeout=CLOSE_S)

    async def _hold(self) -> None:
        transport = process_transport if self.server.command else address_transport
        client = Client(transport(self.server, self._trouble), cache=None, message_handler=self._take_message)
        try:
            async with client:
                self._client = client
                self._is_ready.set()
                await self._closing.wait()
        except ServerFailed as failed:
            self._trouble.say(failed.detail)
        except Exception as error:  # noqa: BLE001  # whatever a transport raises is this server's trouble, and told
            self._trouble.say(self._said(error))
            logger.info("the connection to the MCP server %s ended (%s)", self.server.name, type(error).__name__)
        finally:
            self._trouble.say("The connection to the server has ended.")

    def _open_client(self) -> Client:
        if self._client is None or self.is_over:
            raise self._failure("The connection to the server has ended.")
        self.used_at = self._clock()
        return self._client

    async def _take_message(self, message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            self.on_list_changed()

    def _failure(self, otherwise: str, more: str = "") -> ServerFailed:
        return ServerFailed((self._trouble.said or otherwise) + more)

    def _said(self, error: BaseException) -> str:
        """An error of the SDK as a sentence of ours. What the server itself says is quoted, and bounded."""
        if isinstance(error, BaseExceptionGroup):
            return self._said(error.exceptions[0])
        status = f" (HTTP status {self._trouble.status})" if self._trouble.status else ""
        match error:
            case ServerFailed():
                return error.detail
            case MCPError() if error.code == CONNECTION_CLOSED:
                return "The connection to the server broke off."
            case MCPError():
                return f"The server refused: {cut(scrub(error.message), QUOTED_CHARS)}{status}"
            case ValidationError() | RuntimeError():
                return "The server answered with something that MCP does not have."
        return "The server could not be reached, or broke off."


class _Told:
    """Progress as the SDK hands it over: its type names the arguments."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        await self._progress(progress, total, message)
