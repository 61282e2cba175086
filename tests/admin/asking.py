"""How these tests ask the admin."""

from typing import Any

from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse


def list_url(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_url(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def text_of(response: Any) -> str:
    assert response.status_code == 200, response
    return response.content.decode()


def act(client: Client, row: Model, action: str, *, confirmed: bool = True, **fields: str) -> Any:
    """Post an admin action for one row, as its button does or, confirmed, as the page after it, with its fields."""
    data = {"action": action, "_selected_action": str(row.pk), **fields}
    return client.post(list_url(type(row)), {**data, "confirmed": "yes"} if confirmed else data)


def messages_of(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


class Queries(CaptureQueriesContext):
    """The statements that a page takes."""

    def __init__(self) -> None:
        super().__init__(connection)

    def on(self, table: str) -> list[str]:
        return [query["sql"] for query in self.captured_queries if f'FROM "{table}"' in query["sql"]]
