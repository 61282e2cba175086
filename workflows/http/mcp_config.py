"""MCP servers that a request brings along, as `mcp_config`: checked before there is a task.

{"mcpServers": {"name": {"url": "…", "headers": {…}} | {"command": "…", "args": […]}}}
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sessions.callers import Caller
from workflows.exceptions import Invalid
from workflows.mcp.names import MAX_SERVER_NAME, SERVER_NAME, TASK_HEADERS, TASK_SERVERS
from workflows.models import McpServer
from workflows.outgoing.hosts import is_allowed
from workflows.services.mcp import check_mcp_url

PLACE: Final = ("body", "mcp_config")
MAX_SERVERS: Final = 10
MAX_URL_CHARS: Final = 2_000
MAX_HEADERS: Final = 20
MAX_HEADER_CHARS: Final = 4_000

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")
_OWN_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "accept-encoding", "te", "trailer"}
)


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "mcpServers": {
                "type": "object",
                "maxProperties": MAX_SERVERS,
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "url": {"type": "string"},
                        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                        "command": {"type": "string"},
                        "args": {"type": "array", "items": {"type": "string"}},
                    },
                },
            }
        },
        "anyOf": [{"maxProperties": 0}, {"required": ["mcpServers"]}],
    }
)
class McpConfigField(serializers.JSONField):
    """`{}`, null and no servers mean none. What else there is, `choose_servers` checks."""


@dataclass(frozen=True)
class McpChoice:
    """The servers that a request brings along: what of them is stored openly, and what is stored encrypted."""

    servers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    @property
    def params(self) -> dict[str, Any]:
        return {TASK_SERVERS: dict(self.servers)} if self.servers else {}

    @property
    def secrets(self) -> dict[str, str]:
        return {TASK_HEADERS: json.dumps(self.headers)} if self.headers else {}


def choose_servers(caller: Caller, mcp_config: Any) -> McpChoice:
    """None, `{}` and no servers mean none. A server that is registered already is meant, and not brought along.

    Raises Invalid, at the field that is wrong.
    """
    if mcp_config is None or mcp_config == {}:
        return McpChoice()
    if not isinstance(mcp_config, dict) or not isinstance(servers := mcp_config.get("mcpServers"), dict):
        raise Invalid.at(*PLACE, msg='Must look like {"mcpServers": {"name": {"url": "…"}}}.', type="dict_type")
    if len(servers) > MAX_SERVERS:
        raise Invalid.at(*PLACE, "mcpServers", msg=f"At most {MAX_SERVERS} servers.", type="too_long")
    registered = {row.name: row for row in McpServer.objects.for_group(caller.group_id).defer("tools")}
    chosen: dict[str, dict[str, Any]] = {}
    headers: dict[str, dict[str, str]] = {}
    for name, server in servers.items():
        place = (*PLACE, "mcpServers", name[:100])
        if not isinstance(server, dict):
            raise Invalid.at(*place, msg='Must be a JSON object: {"url": "…"}.', type="dict_type")
        if "command" in server:
            _check_command(server, registered.get(name), place)
            continue
        url = _checked_url(server.get("url"), registered, place)
        row = registered.get(name)
        if row and row.url == url and not server.get("headers"):
            continue
        _check_name(name, bool(row), place)
        sent = _checked_headers(server.get("headers"), place)
        chosen[name] = {"url": url, "sends_headers": bool(sent)}
        if sent:
            headers[name] = sent
    return McpChoice(chosen, headers)


def _check_command(server: Mapping[str, Any], row: McpServer | None, place: tuple[str, ...]) -> None:
    """Nothing that a request says is ever started: it may only name what an administrator registered."""
    is_same = row and (row.command, row.args) == (server["command"], server.get("args") or [])
    if "url" in server or not is_same:
        raise Invalid.at(
            *place,
            "command",
            msg="A command from a request would run on the server, so it is refused. "
            "Leave it out; only an administrator can set up a server that is started by a command.",
        )
    if server.get("env"):
        raise Invalid.at(*place, "env", msg="Leave env out: the server was set up with its own by an administrator.")


def _checked_url(url: Any, registered: Mapping[str, McpServer], place: tuple[str, ...]) -> str:
    if not isinstance(url, str) or not url:
        raise Invalid.at(*place, msg="Must have a url.", type="missing")
    if len(url) > MAX_URL_CHARS:
        raise Invalid.at(*place, "url", msg=f"At most {MAX_URL_CHARS:,} characters.", type="string_too_long")
    host = check_mcp_url(url, *place, "url")
    known = {urlsplit(row.url).hostname for row in registered.values() if row.url}
    if host not in known and not is_allowed(host, settings.MCP_ALLOWED_HOSTS):
        raise Invalid.at(
            *place,
            "url",
            msg=f"MCP servers at {host[:100]} are not allowed on this server. Leave mcp_config out, or have an "
            "administrator add the host to MCP_ALLOWED_HOSTS.",
        )
    return url


def _check_name(name: str, is_taken: bool, place: tuple[str, ...]) -> None:
    if not SERVER_NAME.fullmatch(name):
        msg = f"A server's name has up to {MAX_SERVER_NAME} letters, digits, - and single _: its tools begin with it."
        raise Invalid.at(*place, msg=msg)
    if is_taken:
        raise Invalid.at(*place, msg="This server has another one of that name. Give yours another name.")


def _checked_headers(headers: Any, place: tuple[str, ...]) -> dict[str, str]:
    where = (*place, "headers")
    if headers is None:
        return {}
    if not isinstance(headers, dict):
        raise Invalid.at(*where, msg="Must be a JSON object of texts by name.", type="dict_type")
    if len(headers) > MAX_HEADERS:
        raise Invalid.at(*where, msg=f"At most {MAX_HEADERS} headers.", type="too_long")
    for name, value in headers.items():
        # Values are secrets, and so perhaps are names in the wrong place: neither is repeated.
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
            raise Invalid.at(*where, msg="One of the names is none that a header may have here.")
        if not isinstance(value, str) or len(value) > MAX_HEADER_CHARS or not _HEADER_VALUE.fullmatch(value):
            raise Invalid.at(*where, msg=f"A header's value is a text of up to {MAX_HEADER_CHARS:,} ASCII characters.")
    return headers
