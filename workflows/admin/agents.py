"""Agents and their versions: what is kept, and the conversations with them. They are made and edited by the API."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from workflows.admin import showing
from workflows.admin.history import History
from workflows.models import Agent, AgentVersion, Thread

SHOWN_VERSIONS = 50


@admin.register(Agent)
class AgentAdmin(History):
    list_display = ("name", "group", "owner", "last_version", "created_at", "updated_at", "deleted_at")
    list_filter = ("group", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("group", "owner")
    ordering = ("-created_at", "-id")
    found_by = search_fields = ("pk",)
    search_help_text = "The id of an agent"
    fields = (
        "id", "name", "group", "owner", "conversations", "last_version", "of_versions", "created_at", "updated_at",
        "deleted_at",
    )  # fmt: skip
    readonly_fields = ("conversations", "of_versions")

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
