"""The `Idempotency-Key` header (IETF draft-ietf-httpapi-idempotency-key-header)."""

from django.http import HttpRequest

from workflows.exceptions import Invalid
from workflows.services import Idempotency


def idempotency_of(request: HttpRequest) -> Idempotency | None:
    """The request's key, if it sent one. Raises Invalid for one that no caller can mean."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not key.strip() or len(key) > 255 or not key.isprintable():
        raise Invalid.at("header", "Idempotency-Key", msg="Must be 1 to 255 printable characters.")
    return Idempotency(key=key.strip(), route=request.path)
