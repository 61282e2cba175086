"""What a `Retry-After` header asks for, of a model's endpoint or of a webhook's receiver."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds; the header holds them, or a date (RFC 9110, 10.2.3). None if it is neither."""
    if header is None:
        return None
    if re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", header.strip()):
        return max(float(header), 0.0)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max((until - (now or datetime.now(UTC))).total_seconds(), 0.0)
