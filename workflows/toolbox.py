"""The tools that this server has on offer: its own, within its settings, and those of Python projects."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

from workflows.engine.text import cut
from workflows.engine.tools import Tool, Toolbox
from workflows.mcp.server import Callee, Server, ServerFailed
from workflows.mcp.toolset import Connect, toolset
from workflows.models import McpServer
from workflows.outgoing.addresses import networks
from workflows.tools.calculator import CALCULATOR
from workflows.tools.dates import date_time
from workflows.tools.fetch import FetchLimits, fetch
from workflows.tools.json_query import JSON_QUERY
from workflows.tools.people import ASK_PERSON
from workflows.tools.sql import SqlLimits, sql_query
from workflows.tools.task_files import FILE_LIST, FILE_READ, FILE_WRITE
from workflows.tools.texts import TEXT_SEARCH, TEXT_STATISTICS

ENTRY_POINTS: Final = "evoserver.tools"

BUSINESS_QUERY: Final = "business_query"

MOST_SHOWN: Final = 60
SHOWN_CHARS: Final = 300
"""Of the descriptions that servers write, in the prompts of a generation."""


class BadTools(Exception):
    """Tools that cannot be offered. The text is for the administrator, and says which ones and why."""


@cache
def offered() -> Toolbox:
    """The tools on offer, the same for as long as the process runs. Raises `BadTools`."""
    left_out = set(settings.TOOLS_LEFT_OUT)
    try:
        return Toolbox(tool for tool in (*built_in(), *added()) if tool.name not in left_out)
    except ValueError as error:
        raise BadTools(str(error)) from None


def built_in() -> Iterator[Tool]:
    """Those that come with the server; the ones that need a setting only with it."""
    yield from (CALCULATOR, date_time(), TEXT_STATISTICS, TEXT_SEARCH, JSON_QUERY, FILE_WRITE, FILE_READ, FILE_LIST)
    yield ASK_PERSON
    if settings.FETCH_ALLOWED_HOSTS:
        allowed = networks(settings.FETCH_ALLOWED_NETWORKS)
        yield fetch(FetchLimits(hosts=tuple(settings.FETCH_ALLOWED_HOSTS), networks=allowed))
    if settings.TOOL_DATABASE_URL:
        yield sql_query(SqlLimits(settings.TOOL_DATABASE_URL))
    if settings.BUSINESS_DATABASE_URL:
        yield sql_query(SqlLimits(settings.BUSINESS_DATABASE_URL), BUSINESS_QUERY, "the business database")


def added() -> Iterator[Tool]:
    """Those that installed packages and the setting `TOOLS` name. Raises `BadTools`."""
    for point in entry_points(group=ENTRY_POINTS):
        yield from _tools_at(f"the entry point {point.name} ({point.value})", point)
    for path in settings.TOOLS:
        yield from _tools_at(f"{path!r} in TOOLS", path)


def _tools_at(place: str, where: EntryPoint | str) -> Sequence[Tool]:
    try:
        found = import_string(where.replace(":", ".")) if isinstance(where, str) else where.load()
    except (ImportError, AttributeError) as error:
        raise BadTools(f"{place} cannot be imported: {error}") from error
    except ValueError as error:
        raise BadTools(f"{place}: {error}") from error
    tools = list(found) if isinstance(found, Iterable) else [found]
    if not all(isinstance(tool, Tool) for tool in tools):
        raise BadTools(f"{place} is neither a Tool nor a list of them.")
    return tools


def tools_for(group_id: int | None, connect: Connect | None = None) -> Toolbox:
    """The tools of a group's agents: those on offer, and those of the MCP servers registered for it, as these last
    listed them. `connect`: how a worker reaches a server; without it they can be named, and not called.

    Raises `BadTools`.
    """
    tools = {tool.name: tool for tool in offered()}
    left_out = set(settings.TOOLS_LEFT_OUT)
    servers = McpServer.objects.for_group(group_id).exclude(listed_at=None).order_by("name")
    for pk, listed_at in servers.values_list("pk", "listed_at"):
        for tool in listed_tools(pk, listed_at, connect or _nowhere):
            if tool.name not in left_out:
                # A server never takes the place of a tool of ours.
                tools.setdefault(tool.name, tool)
    return Toolbox(tools.values())


@lru_cache(maxsize=200)
def listed_tools(pk: int, listed_at: datetime, connect: Connect) -> tuple[Tool, ...]:
    """Made once for each listing: each schema is checked, which takes its time."""
    row = McpServer.objects.filter(pk=pk).only("name", "timeout_s", "tools").first()
    return tuple(toolset(Server(row.name, timeout_s=row.timeout_s), row.tools, connect).tools) if row else ()


async def _nowhere(server: Server) -> Callee:
    raise ServerFailed("It can only be reached from a worker.")


def shown_tools(tools: Toolbox) -> list[Tool]:
    """Those that planned agents may get, as many as a planner reads of: ours, and of those that servers have the first
    ones. People are asked only where a graph says so: nobody may be there. The business database is its team's."""
    ours = offered()
    theirs = [tool for tool in tools if ours.get(tool.name) is None]
    shown = (replace(tool, description=cut(tool.description, SHOWN_CHARS)) for tool in theirs[:MOST_SHOWN])
    return [*(tool for tool in ours if tool.name not in (ASK_PERSON.name, BUSINESS_QUERY)), *shown]
