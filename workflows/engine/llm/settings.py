"""Which model a task talks to. Apart from the client, whose library takes long to load: web processes call no model."""

from dataclasses import dataclass, field
from typing import Any, Final

DEMO: Final = "demo"
"""The provider that has no model inside."""


@dataclass(frozen=True)
class ModelSettings:
    """Which model a task talks to, and how.

    `timeout` is the endpoint's longest silence in seconds, before the first byte and between two; else 120.
    An empty `api_key` is right for local endpoints that want none.
    """

    provider: str
    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    reasoning_effort: str | None = None
    timeout: float | None = None

    def options(self) -> dict[str, Any]:
        """The fields of a request that were set."""
        names = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "reasoning_effort")
        return {"model": self.model} | {n: v for n in names if (v := getattr(self, n)) is not None}
