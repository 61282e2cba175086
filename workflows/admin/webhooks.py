"""Webhooks and their deliveries: who is told, how it goes, and delivering again."""

from typing import Any

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html

from sessions.callers import Right
from workflows import services
from workflows.admin import showing
from workflows.admin.confirmation import Acting, Button, Done, confirmed
from workflows.admin.history import History
from workflows.exceptions import Conflict
from workflows.models import Delivery, Task, Webhook, Worker
from workflows.models.webhook import STATES
from workflows.worker.webhooks import send_test


class _Managed(Acting, History):
    """Rows that who may manage webhooks may act on."""

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Right.WEBHOOKS)


@admin.register(Webhook)
class WebhookAdmin(_Managed):
    list_display = ("name", "group", "url", "is_active", "disabled_reason", "created_by", "created_at")
    list_filter = ("is_active", "group")
    list_select_related = ("group", "created_by")
    ordering = ("-created_at", "-id")
    found_by = search_fields = ("pk",)
    search_help_text = "The id of a webhook"
    actions = ("test", "rotate", "deactivate", "activate")
    fields = (
        "id", "name", "group", "url", "shown_types", "is_active", "disabled_reason", "former_until", "rows",
        "created_by", "created_at",
    )  # fmt: skip
    readonly_fields = ("shown_types", "rows")

    def buttons_of(self, request: HttpRequest, row: Webhook) -> list[Button]:
        if not self.has_manage_permission(request):
            return []
        switch = Button("deactivate", "Deactivate") if row.is_active else Button("activate", "Activate")
        return [Button("test", "Test"), Button("rotate", "Rotate the secret"), switch]

    @confirmed(verb="Test", question="Each of these is sent a signed webhook.test now.", permission="manage")
    def test(self, request: HttpRequest, webhook: Webhook) -> Done:
        reply = async_to_sync(send_test)(webhook)
        if not reply.is_accepted:
            raise Conflict(f"{webhook} did not take it: {reply.status or 'no answer'}. {reply.said}")
        return Done(f"The receiver took a test: {reply.status}.")

    @confirmed(
        verb="Rotate",
        question="It gets a new secret, which is shown on the next page and never again. For a day the former one "
        "signs, too.",
        permission="manage",
    )
    def rotate(self, request: HttpRequest, webhook: Webhook) -> Done:
        if len(request.POST.getlist(ACTION_CHECKBOX_NAME)) > 1:
            raise Conflict("Rotate one after the other: the secret is shown once.")
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy the secret now",
            "opts": self.opts,
            "webhook": webhook,
            "secret": services.rotate_secret(webhook),
        }
        page = TemplateResponse(request, "admin/webhook_rotated.html", context, headers={"Cache-Control": "no-store"})
        return Done("Its secret was rotated.", page=page)

    @confirmed(verb="Deactivate", question="Nothing more is delivered to these.", permission="manage")
    def deactivate(self, request: HttpRequest, webhook: Webhook) -> Done:
        if not services.deactivate_webhook(webhook, reason="Deactivated by an administrator."):
            raise Conflict(f"{webhook} is not active.")
        return Done("Deactivated.")

    @confirmed(verb="Activate", question="These go on where they were.", permission="manage")
    def activate(self, request: HttpRequest, webhook: Webhook) -> Done:
        services.edit_webhook(webhook, {"is_active": True})
        return Done("Activated.")

    def describe(self, row: Webhook) -> str:
        return row.url

    @admin.display(description="types")
    def shown_types(self, webhook: Webhook) -> str:
        return ", ".join(webhook.types)

    @admin.display(description="rows")
    def rows(self, webhook: Webhook) -> str:
        return format_html('<a href="{}">deliveries</a>', showing.list_of(Delivery, webhook=webhook.pk))


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, state.replace("_", " ").capitalize()) for state in STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        state = self.value()
        return queryset.filter(STATES[state]) if state in STATES else queryset


class ReplayForm(forms.Form):
    after = forms.IntegerField(min_value=0, initial=0, label="After no.", help_text="0: all of them.")


@admin.register(Delivery)
class DeliveryAdmin(_Managed):
    list_display = (
        "of_task", "of_webhook", "shown_state", "last_seq", "accepted", "attempts", "last_status", "last_error",
        "next_attempt_at", "created_at",
    )  # fmt: skip
    list_filter = (StateFilter,)
    list_select_related = ("webhook",)
    ordering = ("-created_at", "-id")
    found_by = search_fields = ("task", "webhook")
    search_help_text = "The id of a task or a webhook"
    actions = ("replay",)
    fields = (
        "of_task", "of_webhook", "shown_state", "last_seq", "skipped", "accepted", "attempts", "last_status",
        "last_error", "first_failed_at", "last_attempt_at", "next_attempt_at", "given_up_at", "done_at", "of_worker",
        "created_at",
    )  # fmt: skip
    readonly_fields = ("of_task", "of_webhook", "shown_state", "skipped", "of_worker")

    def buttons_of(self, request: HttpRequest, row: Delivery) -> list[Button]:
        return [Button("replay", "Deliver again")] if self.has_manage_permission(request) else []

    @confirmed(
        verb="Deliver again",
        question="The events of these tasks that follow a number are sent once more, under the ids of before. 0: all.",
        permission="manage",
        form=lambda deliveries, data: ReplayForm(data),
    )
    def replay(self, request: HttpRequest, delivery: Delivery, after: int) -> Done:
        services.replay(delivery.webhook, delivery.task, after)
        return Done(f"Is delivered again, after no. {after}.")

    def describe(self, row: Delivery) -> str:
        return f"to {row.webhook}: {row.state}, up to no. {row.last_seq}"

    @admin.display(description="task")
    def of_task(self, delivery: Delivery) -> str:
        return showing.link(Task, delivery.task_id)

    @admin.display(description="webhook")
    def of_webhook(self, delivery: Delivery) -> str:
        return showing.link(Webhook, delivery.webhook_id, delivery.webhook)

    @admin.display(description="worker")
    def of_worker(self, delivery: Delivery) -> str:
        return showing.link(Worker, delivery.worker_id)

    @admin.display(description="state")
    def shown_state(self, delivery: Delivery) -> str:
        return delivery.state.replace("_", " ")

    @admin.display(description="skipped")
    def skipped(self, delivery: Delivery) -> str:
        if not delivery.pruned_seq:
            return showing.NOTHING
        return f"Up to no. {delivery.pruned_seq}: these events were pruned before they could be delivered."
