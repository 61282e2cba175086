"""A small MCP server: what a shop has in stock.

    python warehouse.py                # over standard input and output: for a server that is a command
    python warehouse.py --port 8100    # over streamable HTTP, at http://127.0.0.1:8100/mcp

Needs `pip install mcp`.
"""

import argparse
import os

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

STOCK = {"apples": 120, "pears": 40, "plums": 0}
READS = ToolAnnotations(read_only_hint=True)

server = MCPServer("warehouse", log_level="WARNING")


@server.tool(annotations=READS)
async def in_stock(article: str, context: Context) -> str:
    """How many pieces of an article there are."""
    await context.report_progress(1, 2, f"Looking for {article}")
    if article not in STOCK:
        raise ToolError(f"There is no article {article!r}; there are {', '.join(STOCK)}.")
    return f"{STOCK[article]} {article} are in stock"


@server.tool(annotations=READS)
def articles() -> dict[str, int]:
    """All articles, with their pieces."""
    return STOCK


@server.tool()
def order(article: str, pieces: int) -> str:
    """Order more of an article."""
    STOCK[article] = STOCK.get(article, 0) + pieces
    return f"{pieces} {article} are ordered"


@server.tool(annotations=READS)
def environment() -> list[str]:
    """The names of the environment that this server was started with."""
    return sorted(os.environ)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, help="serve over HTTP, on this port")
    asked = parser.parse_args()
    if asked.port:
        server.run("streamable-http", host="127.0.0.1", port=asked.port)
    else:
        server.run("stdio")


if __name__ == "__main__":
    main()
