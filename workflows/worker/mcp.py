"""MCP servers as a worker process uses them: the registered ones looked at and kept at hand, and those that a task
brings along."""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from workflows import toolbox
from workflows.database import DatabaseThreads
from workflows.engine import keys
from workflows.engine.journal import Journal, Step
from workflows.engine.tools import TOOL_NAME, Tool, Toolbox
from workflows.events import Kind
from workflows.exceptions import Unavailable
from workflows.mcp.names import TASK_HEADERS, TASK_SERVERS, server_of
from workflows.mcp.pool import Pool
from workflows.mcp.server import Listing, Server, ServerFailed
from workflows.mcp.toolset import stub, toolset
from workflows.models import McpServer, Task
from workflows.outgoing.addresses import networks
from workflows.services import mcp as services

if TYPE_CHECKING:
    from workflows.mcp.connection import Connection

logger = logging.getLogger(__name__)

LIST_S: Final = 10.0
"""For the servers of a task to connect and list their tools, all at once, before the task goes on without them."""
TOLD_TOOLS: Final = 50


class McpServers:
    """`tend` and `look` run for as long as the process does."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._threads = threads
        self._changed: asyncio.Queue[str] = asyncio.Queue(maxsize=100)
        self._pool = Pool(self._note_change)

    async def tend(self) -> None:
        await self._pool.tend()

    async def look(self) -> None:
        """Look at the servers that are due, one after the other."""
        while not self._changed.empty():
            await self._threads.run(services.ask_for_check, self._changed.get_nowait(), by_itself=True)
        while row := await self._threads.run(services.take_due_check):
            await self._look_at(row)

    async def close(self) -> None:
        await self._pool.close()

    async def tools_of(self, task: Task, secrets: Mapping[str, str], journal: Journal) -> Toolbox:
        """What the task's agents may use. A server of its own that cannot be reached has tools that say so."""
        tools = {tool.name: tool for tool in await self._threads.insist(self._registered, task.group_id)}
        headers = json.loads(secrets.get(TASK_HEADERS) or "{}")
        own = [_own_server(name, asked, headers) for name, asked in (task.params.get(TASK_SERVERS) or {}).items()]
        found = await asyncio.gather(*(self._own_tools(server, journal) for server in own))
        reasons: dict[str, str] = {}
        for server, (listing, reason) in zip(own, found, strict=True):
            reasons[server.name] = reason
            for tool in toolset(server, listing.tools, self._pool.connection).tools:
                tools.setdefault(tool.name, tool)
        for name in _named(task):
            if name not in tools and TOOL_NAME.fullmatch(name) and (belongs_to := server_of(name)):
                tools[name] = stub(name, belongs_to, reasons.get(belongs_to) or "It has no such tool any more.")
        return Toolbox(tools.values())

    def _registered(self, group_id: int) -> Iterable[Tool]:
        return toolbox.tools_for(group_id, self._connect)

    async def _connect(self, server: Server) -> "Connection":
        """To a registered server, as it is registered now. Raises `ServerFailed`."""
        return await self._pool.connection(await self._threads.run(_registered_server, server.name))

    async def _own_tools(self, server: Server, journal: Journal) -> tuple[Listing, str]:
        """From the ledger if it is there: a replay has the tools that the first run had."""
        key = f"{keys.MCP}/{server.name}"
        step = await journal.lookup(key)
        if step is None:
            try:
                listing, reason = await self._pool.listing(server, LIST_S), ""
            except ServerFailed as failed:
                listing, reason = Listing([], []), failed.detail
            names = [tool["name"] for tool in listing.tools]
            told = {
                "server": server.name,
                "ok": not reason,
                "tools": [name[:100] for name in names[:TOLD_TOOLS]],
                "total": len(names),
                **({"error": reason} if reason else {}),
            }
            step = Step(key, keys.MCP, {"tools": listing.tools, "error": reason})
            await journal.settle(step, Kind.MCP_LISTED, told)
        return Listing(step.output["tools"], []), step.output["error"]

    async def _look_at(self, row: McpServer) -> None:
        try:
            server = await self._threads.run(services.server_of, row)
            listing = await self._pool.listing(server)
        except (ServerFailed, Unavailable) as failed:
            logger.warning("MCP server %s: %s", row.name, failed.detail)
            await self._threads.run(services.record_failure, row, failed.detail)
            return
        made = toolset(server, listing.tools, self._pool.connection)
        await self._threads.run(services.record_listing, row, listing, made.left_out)

    def _note_change(self, server: Server) -> None:
        if not self._changed.full():
            self._changed.put_nowait(server.name)


def _registered_server(name: str) -> Server:
    row = McpServer.objects.filter(name=name, is_active=True).first()
    if row is None:
        raise ServerFailed("It is not registered any more.")
    try:
        return services.server_of(row)
    except Unavailable:
        raise ServerFailed("Its secrets cannot be read; an administrator has to enter them again.") from None


def _own_server(name: str, asked: Mapping[str, Any], headers: Mapping[str, Mapping[str, str]]) -> Server:
    return Server(
        name=name,
        url=asked["url"],
        headers=tuple(headers.get(name, {}).items()),
        networks=networks(settings.MCP_ALLOWED_NETWORKS),
    )


def _named(task: Task) -> list[str]:
    """The tools that the task's workflow names, if it has one already."""
    graph = task.workflow_version.graph if task.workflow_version else task.params.get("workflow_graph")
    agents = [agent for node in (graph or {}).get("nodes", ()) for agent in node["agents"]]
    return [name for agent in agents for name in agent.get("tool_names") or ()]
