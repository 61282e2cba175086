"""MCP servers: registered, tested, and what they last said they have."""

import re
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from workflows import services
from workflows.admin import showing
from workflows.admin.confirmation import Acting, Button, Done, confirmed
from workflows.exceptions import Invalid
from workflows.mcp.names import tool_name
from workflows.models import McpServer
from workflows.services.mcp import STDIO_REFUSED, ask_for_check, check_mcp_server

_PAIR: Final = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*[=:]\s?(.*)")
KEPT: Final = "One a line. What is stored is not shown; leave this empty to keep it, write - to remove it."


class PairsField(forms.CharField):
    """`NAME=value` or `Name: value`, one a line, never shown again. None: as it was."""

    def __init__(self, example: str) -> None:
        super().__init__(
            required=False, help_text=f"{example} {KEPT}", widget=forms.Textarea(attrs={"rows": 3, "cols": 60})
        )

    def clean(self, value: Any) -> dict[str, str] | None:
        text = (super().clean(value) or "").strip()
        if not text:
            return None
        found = {}
        for line in text.splitlines() if text != "-" else ():
            pair = _PAIR.fullmatch(line)
            if not pair or not pair[2].isprintable():
                raise forms.ValidationError("Each line is a name, = or :, and a value.")
            found[pair[1]] = pair[2].strip()
        return found


class McpServerForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    env = PairsField("Of the process: API_KEY=…")
    headers = PairsField("Of each request: Authorization: Bearer …")
    by: Any = None

    class Meta:
        model = McpServer
        fields = ("name", "group", "transport", "command", "args", "url", "timeout_s", "is_active")
        help_texts = {
            "name": "Its tools are called <name>__<tool>.",
            "group": "Whose agents may use it. Empty: every group's.",
            "transport": STDIO_REFUSED,
            "command": "A program, with its whole path; each worker starts one of its own, on the worker's machine.",
            "args": 'A list: ["--port", "5"]',
            "url": "Streamable HTTP. In a private network only if MCP_ALLOWED_NETWORKS has it.",
            "timeout_s": "Seconds for one call.",
        }

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("transport") == McpServer.Transport.STDIO and not self.by.is_superuser:
            self.add_error("transport", STDIO_REFUSED)
        given["args"] = given.get("args") or []
        texts = {name: given.get(name) or "" for name in ("transport", "command", "url")}
        try:
            check_mcp_server(McpServer(**texts, args=given["args"]))
        except Invalid as invalid:
            for problem in invalid.problems:
                self.add_error(str(problem["loc"][0]), problem["msg"])
        return given


@admin.register(McpServer)
class McpServerAdmin(Acting):
    form = McpServerForm
    list_display = ("name", "transport", "group", "is_active", "health", "number_of_tools", "listed_at")
    list_filter = ("transport", "is_active", "group")
    list_select_related = ("group",)
    ordering = ("name",)
    actions = ("test",)
    found = ("health", "failing_since", "failure", "listed_at", "shown_tools", "shown_left_out")
    readonly_fields = found

    def get_fields(self, request: HttpRequest, obj: McpServer | None = None) -> tuple[str, ...]:
        asked = (*McpServerForm.Meta.fields, "env", "headers")
        return asked if obj is None else (*asked, *self.found)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # `env` and `headers` are the form's, not the model's.
        kwargs["fields"] = [name for name in McpServerForm.Meta.fields if self.has_change_permission(request, obj)]
        return type("McpServerForm", (super().get_form(request, obj, change, **kwargs),), {"by": request.user})

    def has_change_permission(self, request: HttpRequest, obj: McpServer | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: McpServer | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def has_test_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    def buttons_of(self, request: HttpRequest, row: McpServer) -> list[Button]:
        return [Button("test", "Test")] if row.is_active and self.has_test_permission(request) else []

    def save_model(self, request: HttpRequest, obj: McpServer, form: Any, change: bool) -> None:
        given = form.cleaned_data
        services.save_mcp_server(request.user, obj, env=given["env"], headers=given["headers"])

    def delete_model(self, request: HttpRequest, obj: McpServer) -> None:
        services.delete_mcp_server(request.user, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[McpServer]) -> None:
        for row in queryset:
            services.delete_mcp_server(request.user, row)

    @confirmed(
        verb="Test",
        question="A worker connects to these servers and lists their tools. Look at the page again in some seconds.",
        permission="test",
    )
    def test(self, request: HttpRequest, server: McpServer) -> Done:
        ask_for_check(server.name)
        return Done("A worker tests it now.")

    def describe(self, row: McpServer) -> str:
        return f"{row.get_transport_display()}, {row.health}"

    @admin.display(description="tools")
    def number_of_tools(self, server: McpServer) -> int:
        return len(server.tools)

    @admin.display(description="tools")
    def shown_tools(self, server: McpServer) -> SafeString | str:
        rows = (
            (tool_name(server.name, tool["name"]), tool["description"], "" if tool["read_only"] else "Changes things.")
            for tool in server.tools
        )
        return format_html_join("", "<p><b>{}</b> {} <i>{}</i></p>", rows) or showing.NOTHING

    @admin.display(description="left out")
    def shown_left_out(self, server: McpServer) -> SafeString | str:
        sentences = format_html_join("", "<li>{}</li>", ((sentence,) for sentence in server.left_out))
        return format_html("<ul>{}</ul>", sentences) if sentences else showing.NOTHING


def _may_touch(request: HttpRequest, row: McpServer | None) -> bool:
    """A command is a superuser's affair."""
    return row is None or row.transport != McpServer.Transport.STDIO or bool(getattr(request.user, "is_superuser", 0))
