"""Agents and their versions: made, edited and deleted through the services, and the conversations with them."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from sessions.callers import Caller
from workflows import services
from workflows.admin import showing
from workflows.admin.confirmation import Acting, Button, Done, confirmed
from workflows.admin.history import History
from workflows.exceptions import BadRequest
from workflows.http.agents import check_tools
from workflows.models import Agent, AgentVersion, McpServer, Thread
from workflows.services import AgentDraft
from workflows.toolbox import offered

SHOWN_VERSIONS = 50
DEFINED = ("description", "instructions", "model", "planning", "enable_streaming", "budget_usd")
"""What of a definition the form holds as it is. Its tools are chosen from those that there are."""


class AgentForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    description = forms.CharField(required=False, max_length=1_000, widget=forms.TextInput(attrs={"size": 80}))
    instructions = forms.CharField(max_length=100_000, widget=forms.Textarea(attrs={"rows": 10, "cols": 80}))
    model = forms.CharField(required=False, max_length=200, help_text="Empty: the server's own.")
    tools = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    confirmed_tools = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Only with a yes",
        help_text="Of its tools, those whose calls a person has to allow.",
    )
    mcp_servers = forms.ModelMultipleChoiceField(
        McpServer.objects.none(), required=False, to_field_name="name", widget=forms.CheckboxSelectMultiple
    )
    agents = forms.ModelMultipleChoiceField(
        Agent.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Agents that it may ask",
        help_text="Of its own group.",
    )
    planning = forms.BooleanField(required=False, help_text="It makes a plan first, and ticks it off.")
    enable_streaming = forms.BooleanField(required=False, help_text="Streams are live unless a request says otherwise.")
    budget_usd = forms.FloatField(required=False, min_value=0.000001, max_value=1_000_000, label="Budget in dollars")
    by: Any = None

    class Meta:
        model = Agent
        fields = ("group", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        agent: Agent | None = kwargs.get("instance")
        definition = agent.newest.definition if agent else {}
        kwargs["initial"] = {**_shown(definition), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        names = [(tool.name, tool.name) for tool in offered()]
        self._definition: Mapping[str, Any] = definition
        choosing: Any = self.fields
        choosing["tools"].choices = choosing["confirmed_tools"].choices = names
        of_group = agent.group_id if agent else None
        choosing["mcp_servers"].queryset = McpServer.objects.for_group(of_group) if agent else McpServer.objects.all()
        others = Agent.objects.filter(deleted_at=None)
        choosing["agents"].queryset = others.filter(group=of_group).exclude(pk=agent.pk) if agent else others

    @property
    def caller(self) -> Caller:
        group = self.instance.group if self._definition else self.cleaned_data["group"]
        return Caller(user=self.by, group=group, via="login")

    @property
    def draft(self) -> AgentDraft:
        """Of a valid form."""
        given = self.cleaned_data
        kept = {"events_config": None, **self._definition}
        of_form = {name: given[name] or None for name in ("description", "model", "budget_usd")}
        flags = {name: given[name] for name in ("instructions", "planning", "enable_streaming")}
        return AgentDraft(given["name"], {**kept, **of_form, **flags, "tools_config": self._tools(given)})

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                check_tools(self.caller, self._tools(given), self.instance if self._definition else None)
            except BadRequest as refused:
                self.add_error(None, refused.detail)
        return given

    def _tools(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What is chosen, with what a server's or an agent's entry held besides."""
        before = self._definition.get("tools_config") or {}
        servers = {entry["mcp_server_id"]: entry for entry in before.get("mcp_server_configs") or ()}
        asked = {str(entry["agent_id"]): entry for entry in before.get("agents") or ()}
        gated = given["confirmed_tools"]
        return {
            "builtin_tools": [
                {"tool_name": name, "requires_user_confirmation": name in gated, "enabled": True}
                for name in given["tools"]
            ],
            "mcp_server_configs": [
                servers.get(row.name) or servers.get(str(row.pk)) or {"mcp_server_id": row.name}
                for row in given["mcp_servers"]
            ],
            "agents": [asked.get(str(row.pk)) or {"agent_id": str(row.pk)} for row in given["agents"]],
        }


def _shown(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as the form shows it."""
    config = definition.get("tools_config") or {}
    tools = [tool for tool in config.get("builtin_tools") or () if tool.get("enabled", True)]
    ids = [entry["mcp_server_id"] for entry in config.get("mcp_server_configs") or ()]
    by_number = McpServer.objects.filter(pk__in=[int(id) for id in ids if id.isdigit()])
    return {
        **{name: definition.get(name) for name in DEFINED},
        "tools": [tool["tool_name"] for tool in tools],
        "confirmed_tools": [tool["tool_name"] for tool in tools if tool.get("requires_user_confirmation")],
        "mcp_servers": [*ids, *by_number.values_list("name", flat=True)],
        "agents": [str(entry["agent_id"]) for entry in config.get("agents") or ()],
    }


@admin.register(Agent)
class AgentAdmin(Acting, History):
    form = AgentForm
    list_display = ("name", "group", "owner", "last_version", "created_at", "updated_at", "deleted_at")
    list_filter = ("group", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("group", "owner")
    ordering = ("-created_at", "-id")
    found_by = search_fields = ("pk",)
    search_help_text = "The id of an agent"
    actions = ("take_away",)
    asked = (
        "group", "name", "description", "instructions", "model", "tools", "confirmed_tools", "mcp_servers", "agents",
        "planning", "enable_streaming", "budget_usd",
    )  # fmt: skip
    found = ("id", "owner", "conversations", "last_version", "of_versions", "created_at", "updated_at", "deleted_at")
    readonly_fields = found

    def get_fields(self, request: HttpRequest, obj: Agent | None = None) -> tuple[str, ...]:
        if obj is None:
            return self.asked
        return (*(self.asked if self.has_change_permission(request, obj) else ("group", "name")), *self.found)

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> tuple[str, ...]:
        return self.found if obj is None else ("group", *self.found)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # What a definition holds is the form's, not the model's.
        kwargs["fields"] = ("name",) if obj else ("group", "name")
        return type("AgentForm", (super().get_form(request, obj, change, **kwargs),), {"by": request.user})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("workflows.add_agent")

    def has_change_permission(self, request: HttpRequest, obj: Agent | None = None) -> bool:
        return request.user.has_perm("workflows.change_agent") and (obj is None or obj.deleted_at is None)

    def has_take_away_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("workflows.delete_agent")

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        saved = (
            services.edit_agent(form.caller, obj, form.draft)
            if change
            else services.create_agent(form.caller, form.draft)
        )
        obj.pk, obj.last_version = saved.pk, saved.last_version

    @confirmed(
        verb="Delete",
        question="Nobody can talk to these agents any more, and what they are at is cancelled. Conversations stay, as "
        "tasks.",
        permission="take_away",
    )
    def take_away(self, request: HttpRequest, agent: Agent) -> Done:
        assert isinstance(request.user, User)
        services.delete_agent(agent, reason=f"its agent was deleted by {request.user.get_username()}")
        return Done("Deleted.")

    def describe(self, row: Agent) -> str:
        return f"of {row.group}, version {row.last_version}"

    def buttons_of(self, request: HttpRequest, row: Agent) -> list[Button]:
        may = row.deleted_at is None and self.has_take_away_permission(request)
        return [Button("take_away", "Delete")] if may else []

    @admin.display(description="conversations")
    def conversations(self, agent: Agent) -> str:
        number = Thread.objects.filter(agent=agent).aggregate(number=Count("pk"))["number"]
        return format_html('<a href="{}">{}</a>', showing.list_of(Thread, agent=agent.pk), number)

    @admin.display(description="versions")
    def of_versions(self, agent: Agent) -> str:
        newest = agent.versions.only("pk", "number").order_by("-number")[:SHOWN_VERSIONS]
        links = ((showing.link(AgentVersion, version.pk, version.number),) for version in newest)
        return format_html_join(", ", "{}", links) or showing.NOTHING


@admin.register(AgentVersion)
class AgentVersionAdmin(History):
    list_display = ("of_agent", "number", "author", "created_at")
    list_select_related = ("agent", "author")
    ordering = ("-pk",)
    found_by = search_fields = ("agent",)
    search_help_text = "The id of an agent"
    fields = ("of_agent", "number", "author", "created_at", "shown_definition")
    readonly_fields = ("of_agent", "shown_definition")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AgentVersion]:
        versions: QuerySet[AgentVersion] = super().get_queryset(request)
        return versions.defer("definition")

    @admin.display(description="agent")
    def of_agent(self, version: AgentVersion) -> str:
        return showing.link(Agent, version.agent_id, version.agent)

    @admin.display(description="definition")
    def shown_definition(self, version: AgentVersion) -> str:
        return showing.pretty(version.definition)
