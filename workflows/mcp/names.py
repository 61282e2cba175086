"""What servers and their tools are called."""

import hashlib
import re
from typing import Final

SEPARATOR: Final = "__"
MAX_SERVER_NAME: Final = 30
SERVER_NAME: Final = re.compile(r"(?!.*__)[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,28}[a-zA-Z0-9])?")
"""With no `__` in it and no `_` at its end, so that the tools of two servers never have the same name."""

TASK_SERVERS: Final = "mcp_servers"
TASK_HEADERS: Final = "mcp_headers"
"""Under which names a task keeps the servers that its request brought along: among its params, `{"url",
"sends_headers"}` by name; and their headers, among its secrets: as JSON by name."""

_MAX_NAME: Final = 64
_DIGEST_CHARS: Final = 8


def tool_name(server: str, tool: str) -> str:
    """`<server>__<tool>`. A name that models' APIs do not take is made to fit, always in the same way, with a digest
    of what it was."""
    plain = re.sub(r"[^a-zA-Z0-9_-]", "_", tool)
    name = f"{server}{SEPARATOR}{plain}"
    if plain == tool and len(name) <= _MAX_NAME:
        return name
    digest = hashlib.sha256(tool.encode()).hexdigest()[:_DIGEST_CHARS]
    return f"{name[: _MAX_NAME - _DIGEST_CHARS - 1]}_{digest}"


def server_of(tool: str) -> str | None:
    """The server that a tool of this name would belong to."""
    server, separator, rest = tool.partition(SEPARATOR)
    return server if separator and rest and SERVER_NAME.fullmatch(server) else None
