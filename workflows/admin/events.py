"""Events: what happened, row by row."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from sessions.models import ClientSession
from workflows.admin import showing
from workflows.admin.history import History, KindFilter
from workflows.admin.timeline import previews
from workflows.events import Kind
from workflows.models import Event, Task


class EventKindFilter(KindFilter):
    kinds = list(Kind)


@admin.register(Event)
class EventAdmin(History):
    list_display = ("id", "kind", "of_task", "seq", "of_session", "created_at", "beginning")
    list_filter = (EventKindFilter,)
    ordering = ("-id",)
    found_by = search_fields = ("task", "session")
    search_help_text = "The id of a task or a session"
    fields = ("kind", "of_task", "seq", "of_session", "session_seq", "key", "created_at", "shown_data")
    readonly_fields = ("of_task", "of_session", "shown_data")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return previews(super().get_queryset(request))

    @admin.display(description="task")
    def of_task(self, event: Event) -> str:
        return showing.link(Task, event.task_id)

    @admin.display(description="session")
    def of_session(self, event: Event) -> str:
        return showing.link(ClientSession, event.session_id)

    @admin.display(description="data")
    def beginning(self, event: Any) -> str:
        return str(event.preview)

    @admin.display(description="data")
    def shown_data(self, event: Event) -> str:
        return showing.pretty(event.data)
