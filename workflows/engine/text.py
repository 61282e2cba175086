"""Text that a model wrote, made safe to store and short enough to tell."""

from typing import Final

MARK: Final = "…"


def scrub(text: str) -> str:
    """NUL and lone surrogates become U+FFFD: PostgreSQL stores neither, and UTF-8 encodes no surrogate."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last one a mark if something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + MARK


def listed(names: list[str], limit: int = 8) -> str:
    """Names as a person would list them: `a, b and 3 more`."""
    shown = ", ".join(cut(name, 60) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
