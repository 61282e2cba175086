import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from workflows.engine.execution.executor import execute
from workflows.engine.generation.generator import generate
from workflows.engine.llm.client import Models
from workflows.engine.llm.retries import Retries
from workflows.engine.llm.settings import ModelSettings
from workflows.engine.memory import MemoryJournal

from .scripted import Endpoint, endpoint


@dataclass
class Bench:
    """A scripted endpoint with the engine in front of it. Nothing sleeps; the waits are written down."""

    endpoint: Endpoint
    models: Models
    waits: list[float]
    journal: MemoryJournal = field(default_factory=MemoryJournal)

    def settings(self, **changes: Any) -> ModelSettings:
        known = {"provider": "openai", "base_url": self.endpoint.url, "model": "gpt-4o-mini", "api_key": "sk-secret"}
        return ModelSettings(**known | changes)

    async def generate(self, goal: str = "Report on risks and chances", **changes: Any) -> dict[str, Any]:
        tools = changes.pop("tools", ())
        journal = changes.pop("journal", self.journal)
        return await generate(goal, settings=self.settings(**changes), models=self.models, journal=journal, tools=tools)

    async def execute(
        self, graph: dict[str, Any], inputs: dict[str, Any] | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Settings and the arguments of `execute`, told apart by name."""
        own = {
            name: changes.pop(name) for name in ("limits", "depth", "breadth", "tools", "task_id") if name in changes
        }
        journal = changes.pop("journal", self.journal)
        settings = self.settings(**changes)
        return await execute(graph, inputs or {}, settings=settings, models=self.models, journal=journal, **own)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    retries = Retries(chance=lambda: 1.0, sleep=sleep)
    # Loading the usual certificates takes longer than a whole test.
    no_certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with endpoint() as served, Models(retries=retries, tls=no_certificates) as models:
        yield Bench(served, models, waits)
