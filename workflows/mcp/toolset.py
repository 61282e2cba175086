"""A server's listed tools as tools of a toolbox: named so that they fit, and called through the pool."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, NamedTuple

from workflows.engine.tools import MAX_TIMEOUT_S, Arguments, Tool, ToolContext, ToolFailed
from workflows.mcp.names import tool_name
from workflows.mcp.server import CONNECT_S, Callee, ListedTool, Server, ServerFailed

GRACE_S: Final = 5.0
PROGRESS_CHARS: Final = 500

_PATTERNS: Final = ("pattern", "patternProperties")

Connect = Callable[[Server], Awaitable[Callee]]


class Toolset(NamedTuple):
    """`left_out`: a sentence for each tool that cannot be offered."""

    tools: list[Tool]
    left_out: list[str]


def toolset(server: Server, listed: Iterable[ListedTool], connect: Connect) -> Toolset:
    """The tools of a server by its listing; no connection is made until one of them is called."""
    tools: dict[str, Tool] = {}
    left_out: list[str] = []
    for entry in listed:
        name = tool_name(server.name, entry["name"])
        if name in tools:
            left_out.append(f"{entry['name']}: another one is named {name}, too.")
            continue
        try:
            tools[name] = _tool(name, server, entry, connect)
        except (ValueError, RecursionError):
            left_out.append(f"{entry['name']}: its schema is no JSON Schema of an object.")
    return Toolset([*tools.values()], left_out)


def stub(name: str, server: str, reason: str) -> Tool:
    """A tool of a server that cannot be reached: it says so."""

    async def call(arguments: Arguments, context: ToolContext) -> str:
        raise ToolFailed(f"The MCP server {server} cannot be used: {reason} Do without it.")

    description = f"Belongs to the MCP server {server}, which cannot be reached at the moment."
    return Tool(name=name, description=description, call=call, parameters={"type": "object"})


def _tool(name: str, server: Server, listed: ListedTool, connect: Connect) -> Tool:
    return Tool(
        name=name,
        description=listed["description"],
        call=_Call(server, listed["name"], connect),
        parameters=_without_patterns(listed["parameters"]),
        side_effects=not listed["read_only"],
        timeout_s=min(server.timeout_s + CONNECT_S + GRACE_S, MAX_TIMEOUT_S),
    )


class _Call:
    """Calls one tool. Whatever is wrong with the server is told to the model."""

    def __init__(self, server: Server, tool: str, connect: Connect) -> None:
        self._server = server
        self._tool = tool
        self._connect = connect

    async def __call__(self, arguments: Arguments, context: ToolContext) -> str:
        is_telling = False

        async def tell(progress: float, total: float | None, message: str | None) -> None:
            nonlocal is_telling
            # A server may tell faster than this can be written; what comes meanwhile is not missed.
            if is_telling:
                return
            is_telling = True
            try:
                done = f"{progress:g}/{total:g}" if total else f"{progress:g}"
                await context.emit(f"{(message or done)[:PROGRESS_CHARS]}\n")
            finally:
                is_telling = False

        try:
            connection = await self._connect(self._server)
            answer = await connection.call(self._tool, arguments, tell)
        except ServerFailed as failed:
            raise ToolFailed(f"The MCP server {self._server.name}: {failed.detail}") from None
        if not answer.ok:
            raise ToolFailed(answer.text)
        return answer.text


def _without_patterns(schema: Any, *, is_names: bool = False) -> Any:
    """The schema without regular expressions: a server's own could take our loop for hours. It checks them itself."""
    if isinstance(schema, dict):
        return {
            key: _without_patterns(value, is_names=key in ("properties", "$defs", "definitions") and not is_names)
            for key, value in schema.items()
            if is_names or key not in _PATTERNS
        }
    return [_without_patterns(value) for value in schema] if isinstance(schema, list) else schema
