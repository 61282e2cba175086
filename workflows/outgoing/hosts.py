"""Which hosts a request may be for, by name, as an administrator lists them."""

from collections.abc import Sequence
from typing import Final

ANY: Final = "*"


def is_allowed(host: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns is this host: `example.org`, `*.example.org` (what is below it), or `*`."""
    name = host.rstrip(".").lower()
    return any(_fits(name, pattern.strip().rstrip(".").lower()) for pattern in patterns)


def _fits(name: str, pattern: str) -> bool:
    if pattern == ANY:
        return True
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern
