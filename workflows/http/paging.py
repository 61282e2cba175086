"""Lists in pages, the same for all dialects."""

from typing import Final

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from workflows.exceptions import Invalid

MAX_PAGE: Final = 500

CURSOR: Final = OpenApiParameter("cursor", str, description="From `next` or `previous` of a page.")


class NewestFirst(CursorPagination):
    """By cursor: a page costs the same at any depth, and nothing counts the table."""

    ordering = ("-created_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Raises Invalid for a cursor that no page gave out."""
        try:
            cursor = super().decode_cursor(request)
            if cursor and cursor.position and parse_datetime(str(cursor.position)) is None:
                raise ValueError(cursor.position)
        except (NotFound, ValueError):
            raise Invalid.at("query", "cursor", msg="Take the cursor from `next` or `previous` of a page.") from None
        return cursor
