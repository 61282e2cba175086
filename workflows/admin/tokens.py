"""Tokens: made, shown once, revoked. The token itself is never stored, nor put into a message or a cookie."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from sessions import tokens
from sessions.models import ApiToken
from workflows.admin.confirmation import Acting, Button, Done, confirmed
from workflows.exceptions import Conflict


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = ApiToken
        fields = ("name", "user", "group", "expires_at")
        help_texts = {
            "name": "What it is for.",
            "user": "Whom it acts for.",
            "group": "What it sees and owns: this group's. The user must be a member.",
            "expires_at": "UTC. Empty: it does not expire.",
        }

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        user, group, expires_at = given.get("user"), given.get("group"), given.get("expires_at")
        if user and group and not user.groups.filter(pk=group.pk).exists():
            self.add_error("group", f"{user} is no member of {group}.")
        if expires_at and expires_at <= timezone.now():
            self.add_error("expires_at", "This lies in the past.")
        return given


@admin.register(ApiToken)
class ApiTokenAdmin(Acting):
    form = TokenForm
    list_display = ("name", "user", "group", "valid", "created_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "group")
    list_select_related = ("user", "group")
    ordering = ("-id",)
    search_fields = ("name", "user__username")
    show_full_result_count = False
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        asked = ("name", "user", "group", "expires_at")
        return asked if obj is None else (*asked, "created_at", "revoked_at")

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Nobody changes a token. Who may change tokens may revoke them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """A revoked token stays, so that it can be told what it was."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    def buttons_of(self, request: HttpRequest, row: ApiToken) -> list[Button]:
        return [Button("revoke", "Revoke")] if row.revoked_at is None and self.has_revoke_permission(request) else []

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        row, obj.issued = ApiToken.issue(  # type: ignore[attr-defined]
            name=obj.name, user_id=obj.user_id, group_id=obj.group_id, expires_at=obj.expires_at
        )
        obj.pk = row.pk

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        """The one page that shows the token. A redirect would have to carry it in a cookie or a row."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy the token now",
            "opts": self.opts,
            "token": obj,
            "issued": obj.issued,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "admin/token_issued.html", context)

    @confirmed(
        verb="Revoke",
        question="Whoever uses these tokens will be refused at once, for good, and their open streams end.",
        permission="revoke",
    )
    def revoke(self, request: HttpRequest, token: ApiToken) -> Done:
        if not tokens.revoke(token):
            raise Conflict(f"{token} was revoked before.")
        return Done("Revoked.")

    def describe(self, row: ApiToken) -> str:
        return f"of {row.user}, for {row.group}"

    @admin.display(boolean=True, description="valid")
    def valid(self, token: ApiToken) -> bool:
        return token.is_valid(timezone.now())
