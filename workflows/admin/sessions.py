"""Client sessions: who is connected, and closing one."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from sessions.callers import Right
from sessions.models import ClientSession
from workflows import services
from workflows.admin import showing
from workflows.admin.confirmation import Acting, Button, Done, confirmed
from workflows.admin.history import History
from workflows.exceptions import Conflict
from workflows.models import Event, Task


@admin.register(ClientSession)
class ClientSessionAdmin(Acting, History):
    list_display = ("id", "status", "group", "owner", "last_seq", "created_at", "last_activity", "closed_at")
    list_filter = ("status", "group")
    list_select_related = ("group", "owner")
    ordering = ("-created_at", "-id")
    found_by = search_fields = ("pk",)
    search_help_text = "The id of a session"
    actions = ("close",)
    fields = (
        "id", "status", "group", "owner", "rows", "last_seq", "pruned_seq", "created_at", "last_activity", "closed_at",
    )  # fmt: skip
    readonly_fields = ("rows",)

    def buttons_of(self, request: HttpRequest, row: ClientSession) -> list[Button]:
        return [Button("close", "Close")] if row.closed_at is None and self.has_close_permission(request) else []

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Right.CANCEL)

    @confirmed(
        verb="Close",
        question="These sessions will be closed, and the tasks that run in them cancelled.",
        permission="close",
    )
    def close(self, request: HttpRequest, session: ClientSession) -> Done:
        if not services.close_session(session, reason="closed by an administrator"):
            raise Conflict(f"Session {session.pk} had ended already.")
        return Done("Closed.")

    def describe(self, row: ClientSession) -> str:
        return f"{row.status}, last used {row.last_activity:%Y-%m-%d %H:%M} UTC"

    @admin.display(description="rows")
    def rows(self, session: ClientSession) -> str:
        return format_html(
            '<a href="{}">tasks</a>, <a href="{}">events</a>',
            showing.list_of(Task, session=session.pk),
            showing.list_of(Event, session=session.pk),
        )
