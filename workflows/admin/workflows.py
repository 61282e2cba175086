"""Workflows, their versions and their threads: what is kept, and the tasks that ran it."""

from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from workflows.admin import showing
from workflows.admin.history import History
from workflows.models import Task, Thread, Workflow, WorkflowVersion

SHOWN_VERSIONS = 50


@admin.register(Workflow)
class WorkflowAdmin(History):
    list_display = ("name", "group", "owner", "last_version", "runs", "created_at", "updated_at", "deleted_at")
    list_filter = ("group", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("group", "owner", "thread")
    ordering = ("-created_at", "-id")
    found_by = search_fields = ("pk", "thread")
    search_help_text = "The id of a workflow or of a thread"
    fields = (
        "id", "name", "group", "owner", "of_thread", "runs", "last_version", "of_versions", "created_at", "updated_at",
        "deleted_at",
    )  # fmt: skip
    readonly_fields = ("of_thread", "runs", "of_versions")

    @admin.display(description="thread")
    def of_thread(self, workflow: Workflow) -> str:
        return showing.link(Thread, workflow.thread_id)

    @admin.display(description="runs")
    def runs(self, workflow: Workflow) -> str:
        return _tasks(workflow.thread)

    @admin.display(description="versions")
    def of_versions(self, workflow: Workflow) -> str:
        newest = workflow.versions.only("pk", "number").order_by("-number")[:SHOWN_VERSIONS]
        links = ((showing.link(WorkflowVersion, version.pk, version.number),) for version in newest)
        return format_html_join(", ", "{}", links) or showing.NOTHING


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(History):
    list_display = ("of_workflow", "number", "author", "is_planned", "created_at")
    list_select_related = ("workflow", "author")
    ordering = ("-pk",)
    found_by = search_fields = ("workflow",)
    search_help_text = "The id of a workflow"
    fields = ("of_workflow", "number", "author", "created_at", "shown_definition", "shown_graph")
    readonly_fields = ("of_workflow", "shown_definition", "shown_graph")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowVersion]:
        versions: QuerySet[WorkflowVersion] = super().get_queryset(request)
        return versions.defer("definition", "graph").annotate(is_planned_later=_without_graph())

    @admin.display(description="workflow")
    def of_workflow(self, version: WorkflowVersion) -> str:
        return showing.link(Workflow, version.workflow_id, version.workflow)

    @admin.display(description="graph")
    def is_planned(self, version: Any) -> str:
        return "planned at its execution" if version.is_planned_later else "of its own"

    @admin.display(description="definition")
    def shown_definition(self, version: WorkflowVersion) -> str:
        return showing.pretty(version.definition)

    @admin.display(description="graph")
    def shown_graph(self, version: WorkflowVersion) -> str:
        return showing.pretty(version.graph)


@admin.register(Thread)
class ThreadAdmin(History):
    list_display = ("id", "group", "owner", "of_workflow", "runs", "created_at")
    list_filter = ("group",)
    list_select_related = ("group", "owner", "workflow")
    ordering = ("-created_at", "-id")
    found_by = search_fields = ("pk",)
    search_help_text = "The id of a thread"
    fields = ("id", "group", "owner", "of_workflow", "runs", "created_at")
    readonly_fields = ("of_workflow", "runs")

    @admin.display(description="workflow")
    def of_workflow(self, thread: Thread) -> str:
        workflow = getattr(thread, "workflow", None)
        return showing.link(Workflow, workflow.pk, workflow) if workflow else showing.NOTHING

    @admin.display(description="runs")
    def runs(self, thread: Thread) -> str:
        return _tasks(thread)


def _tasks(thread: Thread) -> str:
    return format_html('<a href="{}">{}</a>', showing.list_of(Task, thread=thread.pk), thread.last_run)


def _without_graph() -> Any:
    return ExpressionWrapper(Q(graph__isnull=True), output_field=BooleanField())
