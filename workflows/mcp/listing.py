"""The tools that a server says it has: read within bounds, and kept as plain JSON."""

import json
from collections.abc import Awaitable, Callable
from typing import Final

from mcp_types import ListToolsResult, PaginatedRequestParams
from mcp_types import Tool as ServersTool

from workflows.engine.text import cut, scrub
from workflows.mcp.server import ListedTool, Listing

MAX_TOOLS: Final = 100
MAX_PAGES: Final = 20
MAX_SCHEMA_CHARS: Final = 20_000
MAX_DESCRIPTION_CHARS: Final = 1_000
MAX_NAME_CHARS: Final = 200


ListPage = Callable[[PaginatedRequestParams | None], Awaitable[ListToolsResult]]


async def read_listing(list_page: ListPage) -> Listing:
    """All pages, up to the bounds: a cursor may lead on for ever."""
    tools: dict[str, ListedTool] = {}
    left_out: list[str] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await list_page(PaginatedRequestParams(cursor=cursor) if cursor else None)
        for tool in page.tools:
            if len(tools) >= MAX_TOOLS:
                return Listing([*tools.values()], [*left_out, f"Only the first {MAX_TOOLS} tools are taken."])
            problem = _problem(tool) or ("it is there twice" if tool.name in tools else None)
            if problem is None:
                tools[tool.name] = _listed(tool)
            elif len(left_out) < MAX_TOOLS:
                left_out.append(f"{cut(scrub(tool.name), 80)}: {problem}.")
        cursor = page.next_cursor
        if cursor is None:
            return Listing([*tools.values()], left_out)
    return Listing([*tools.values()], [*left_out, f"Only the first {MAX_PAGES} pages of its list were read."])


def _problem(tool: ServersTool) -> str | None:
    if not tool.name or len(tool.name) > MAX_NAME_CHARS or scrub(tool.name) != tool.name:
        return f"its name has to have 1 to {MAX_NAME_CHARS} characters that can be stored"
    schema = json.dumps(tool.input_schema, ensure_ascii=False)
    if len(schema) > MAX_SCHEMA_CHARS:
        return f"its schema has more than {MAX_SCHEMA_CHARS:,} characters"
    if scrub(schema) != schema or "\\u0000" in schema:
        return "its schema holds characters that cannot be stored"
    return None


def _listed(tool: ServersTool) -> ListedTool:
    described = scrub(tool.description or tool.title or "").strip() or "(The server says nothing about this tool.)"
    return {
        "name": tool.name,
        "description": cut(described, MAX_DESCRIPTION_CHARS),
        "parameters": tool.input_schema,
        "read_only": bool(tool.annotations and tool.annotations.read_only_hint),
    }
