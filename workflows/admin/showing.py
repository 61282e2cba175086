"""Values as people read them: links to rows, JSON, amounts."""

import json
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

NOTHING = "–"
JSON_CHARACTERS = 20_000
"""How much of a JSON value a page shows."""


def page_of(model: type[Model], pk: object) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[quote(str(pk))])


def list_of(model: type[Model], **filters: object) -> str:
    meta = model._meta
    return f"{reverse(f'admin:{meta.app_label}_{meta.model_name}_changelist')}?{urlencode(filters)}"


def link(model: type[Model], pk: object, text: object = None) -> SafeString | str:
    """A link to a row's page. Shows the beginning of its id unless a text is given; nothing for no row."""
    if pk is None:
        return NOTHING
    return format_html('<a href="{}" title="{}">{}</a>', page_of(model, pk), pk, str(pk)[:8] if text is None else text)


def links(rows: Iterable[Model]) -> SafeString | str:
    shown = format_html_join(", ", "{}", ((link(type(row), row.pk),) for row in rows))
    return shown or NOTHING


def pretty(value: Any) -> SafeString | str:
    """A JSON value, indented, escaped, and cut where it would be too much for a page."""
    if value is None:
        return NOTHING
    text = json.dumps(value, indent=2, ensure_ascii=False)
    left = len(text) - JSON_CHARACTERS
    more = format_html("<p>… and {} more characters; the API has all of it.</p>", f"{left:,}") if left > 0 else ""
    return format_html('<pre class="json">{}</pre>{}', text[:JSON_CHARACTERS], more)


def dollars(cost: Decimal | None) -> str:
    return "not known" if cost is None else f"${cost:.4f}"


def duration(time: timedelta) -> str:
    """`0.42 s`, `12.34 s`, `3 min 5 s`, `2 h 10 min`."""
    seconds = time.total_seconds()
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
