"""`/api/v1/tools`: what the caller's agents may use, and where it comes from."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.callers import Right
from workflows.description.describe import describe
from workflows.engine.tools import Tool
from workflows.http.views import CallerView
from workflows.mcp.names import server_of
from workflows.models import McpServer
from workflows.toolbox import built_in, offered, tools_for


class ToolServerSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    health = serializers.ChoiceField(["unknown", "ok", "failing"])


class ToolSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    parameters = serializers.DictField(help_text="The JSON Schema of its arguments.")
    side_effects = serializers.BooleanField(help_text="Whether it may change something outside of the task.")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        ["built_in", "added", "mcp"], help_text="Of the server itself, of a Python project, of an MCP server."
    )
    server = ToolServerSerializer(allow_null=True, help_text="The MCP server, if it is of one.")


class ToolListSerializer(serializers.Serializer[Any]):
    tools = ToolSerializer(many=True)


class ToolList(CallerView):
    """`GET /api/v1/tools`: those that a workflow of the caller's group may name."""

    rights = {"GET": Right.SEE}

    @describe("List the tools on offer", answers={200: ToolListSerializer})
    def get(self, request: Request) -> Response:
        ours, own = offered(), {tool.name for tool in built_in()}
        servers = {row.name: row for row in McpServer.objects.for_group(self.caller.group_id).defer("tools")}

        def shown(tool: Tool) -> dict[str, Any]:
            is_ours = ours.get(tool.name) is not None
            server = None if is_ours else servers.get(server_of(tool.name) or "")
            return {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
                "side_effects": tool.side_effects,
                "source": ("built_in" if tool.name in own else "added") if is_ours else "mcp",
                "server": {"name": server.name, "health": server.health} if server else None,
            }

        return Response({"tools": [shown(tool) for tool in tools_for(self.caller.group_id)]})
