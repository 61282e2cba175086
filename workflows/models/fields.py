"""A JSON column that keeps what was written."""

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.types.json import Json, Jsonb


class OrderedJSONField(models.JSONField):
    """`json`, not `jsonb`: keys stay in their order, so that a replayed frame has the bytes of the live one."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "json"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """As `json` too: Django sends `jsonb`, by which the order is lost on the way."""
        adapted = super().get_db_prep_value(value, connection, prepared)
        return Json(adapted.obj, dumps=adapted.dumps) if isinstance(adapted, Jsonb) else adapted

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        # psycopg has already parsed a `json` column; a key transform arrives as text.
        return json.loads(value) if isinstance(value, str) else value
