"""A JSON column that keeps what was written."""

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class OrderedJSONField(models.JSONField):
    """`json`, not `jsonb`: keys stay in their order, so that a replayed frame has the bytes of the live one."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        # psycopg has already parsed a `json` column; a key transform arrives as text.
        return json.loads(value) if isinstance(value, str) else value
