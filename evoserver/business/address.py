"""Where the sample sales database is: beside the server's own, and read by a role that owns nothing."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote


def sample_name(own: Mapping[str, Any]) -> str:
    """Of the database; its reader's name is the same. `own`: the server's database, as Django's settings have it."""
    return f"{own['NAME']}_business"


def reader_password(own: Mapping[str, Any], secret_key: str) -> str:
    """Every process that has the secret key knows it."""
    return hmac.new(secret_key.encode(), sample_name(own).encode(), hashlib.sha256).hexdigest()


def sample_url(own: Mapping[str, Any], secret_key: str) -> str:
    name = quote(sample_name(own), safe="")
    host = str(own["HOST"] or "localhost")
    place = quote(host, safe="") if host.startswith("/") else host
    port = f":{own['PORT']}" if own["PORT"] else ""
    return f"postgresql://{name}:{reader_password(own, secret_key)}@{place}{port}/{name}"
