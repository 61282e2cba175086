"""Actions that show what they are about to do, and do it only when that is confirmed."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from workflows.admin.showing import link, page_of
from workflows.exceptions import EvoserverError, Invalid

logger = logging.getLogger(__name__)

Action = Callable[..., HttpResponse | None]
MakeForm = Callable[[Sequence[Any], Mapping[str, Any] | None], forms.Form]

MOST = 100
"""Rows that one confirmation covers; each is a transaction of its own."""


@dataclass(frozen=True)
class Done:
    """What was done to a row, for the operator and the admin's log; and the row to look at next, if another one, or
    the page that shows what is shown only once."""

    text: str
    row: Model | None = None
    page: HttpResponse | None = None


@dataclass(frozen=True)
class Button:
    """An action as a row's own page offers it."""

    name: str
    label: str


class Acting(ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """An admin whose rows' pages have buttons for its actions."""

    change_form_template = "admin/acting_change_form.html"

    def describe(self, row: Any) -> str:
        """What tells the row from others, for somebody who is about to confirm."""
        raise NotImplementedError

    def buttons_of(self, request: HttpRequest, row: Any) -> list[Button]:
        """What may be done to the row now, by this user."""
        return []

    def context_of(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the row's page shows besides its fields."""
        return {"buttons": self.buttons_of(request, row)}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row and self.has_view_permission(request, row):
            extra_context = {**(extra_context or {}), **self.context_of(request, row)}
        return super().change_view(request, object_id, form_url, extra_context)


def confirmed(
    *, verb: str, question: str, permission: str, form: MakeForm | None = None
) -> Callable[[Callable[..., Done]], Action]:
    """Make an admin action of what is to be done to one row.

    `verb` names it on buttons, `question` asks on the page before, `permission` is whose `has_…_permission` decides.
    `form` makes what the page asks for besides, of the rows and of what was sent (None: nothing yet); the act gets its
    cleaned fields by name.
    A row that raises an error of ours is reported, and the others go on.
    """

    def decorate(act: Callable[..., Done]) -> Action:
        @admin.action(description=f"{verb} selected %(verbose_name_plural)s", permissions=[permission])
        @wraps(act)
        def action(model_admin: Acting, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            rows = list(queryset.order_by("pk")[: MOST + 1])
            if len(rows) > MOST:
                model_admin.message_user(request, f"Select at most {MOST} at once.", messages.ERROR)
                return None
            is_confirmed = "confirmed" in request.POST
            asked = form(rows, request.POST if is_confirmed else None) if form else forms.Form({})
            if not is_confirmed or not asked.is_valid():
                return _ask(model_admin, request, rows, act.__name__, verb, question, asked)
            done = [_do(model_admin, request, row, act, asked.cleaned_data) for row in rows]
            if len(rows) > 1:
                return None
            if done[0] and done[0].page:
                return done[0].page
            shown = (done[0] and done[0].row) or rows[0]
            return HttpResponseRedirect(page_of(type(shown), shown.pk))

        return action

    return decorate


def _ask(
    model_admin: Acting, request: HttpRequest, rows: list[Any], name: str, verb: str, question: str, form: forms.Form
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{verb}: are you sure?",
        "opts": model_admin.opts,
        "question": question,
        "verb": verb,
        "form": form,
        "action": name,
        "checkbox": ACTION_CHECKBOX_NAME,
        "rows": [(row.pk, link(type(row), row.pk, str(row)), model_admin.describe(row)) for row in rows],
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)


def _do(
    model_admin: Acting, request: HttpRequest, row: Model, act: Callable[..., Done], asked: Mapping[str, Any]
) -> Done | None:
    """Returns what was done; None where it was refused."""
    try:
        done = act(model_admin, request, row, **asked)
    except EvoserverError as error:
        said = "; ".join(problem["msg"] for problem in error.problems) if isinstance(error, Invalid) else error.detail
        model_admin.message_user(request, said, messages.ERROR)
        return None
    model_admin.log_change(request, row, done.text)
    logger.info("%s %s: %s (by user %s)", row._meta.verbose_name, row.pk, done.text, request.user.pk)
    seen = done.row or row
    model_admin.message_user(
        request, format_html("{}: {}", link(type(seen), seen.pk, str(seen)), done.text), messages.SUCCESS
    )
    return done
