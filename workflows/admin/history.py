"""Read-only pages over tables of any size."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin, ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

LISTED = 5_000
"""Rows that a list goes through. Older ones are found by filter, search or link."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Counts up to `LISTED` and no further, in the list's own order, so that the index that pages also counts."""

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return self.object_list.values("pk")[:LISTED].count()

    @property
    def is_cut(self) -> bool:
        return self.count == LISTED


class FixedOrder(ChangeList):
    """Newest first, whatever the address asks for: other orders would sort the whole table."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return list(self.model_admin.get_ordering(request))


class History(ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """A list and a page for rows that only the services write.

    Subclasses name in `found_by` the columns in which an id is looked up. The admin asks for `search_fields` too, but
    only to know that there is something to search in.
    """

    found_by: Sequence[str] = ()
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by = ()
    paginator = BoundedPaginator
    change_list_template = "admin/bounded_change_list.html"
    change_form_template = "admin/acting_change_form.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FixedOrder

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        """The rows for a search that is no id: none, unless a subclass has an index to find them with."""
        return queryset.none()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        id = _uuid(term)
        if id is None:
            return self.find(queryset, term), False
        found = Q()
        for column in self.found_by:
            found |= Q(**{column: id})
        return queryset.filter(found), False


class KindFilter(admin.SimpleListFilter):
    """By kind, from the vocabulary: asking the rows which kinds there are would read them all."""

    title = "kind"
    parameter_name = "kind"
    kinds: Sequence[str] = ()

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        return [(kind, kind) for kind in self.kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        kind = self.value()
        return queryset.filter(kind=kind) if kind else queryset


def _uuid(term: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(term)
    except ValueError:
        return None
