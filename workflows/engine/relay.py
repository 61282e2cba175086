"""A journal that passes everything on to another one, for those that change something on the way."""

from collections.abc import Collection, Mapping
from typing import Any

from workflows.engine.budget import Estimate, Grant
from workflows.engine.journal import Journal, Step, Turn
from workflows.engine.questions import Answer, Question
from workflows.events import Kind


class Relay:
    """Changes nothing itself."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def tell(self, key: str, kind: Kind, data: Mapping[str, Any]) -> None:
        await self._journal.tell(key, kind, data)

    async def text(self, call: str, text: str, *, stage: str, node: str | None, kind: Kind = Kind.MODEL_TEXT) -> None:
        await self._journal.text(call, text, stage=stage, node=node, kind=kind)

    async def told(self, key: str, kind: Kind) -> bool:
        return await self._journal.told(key, kind)

    async def boundary(self) -> None:
        await self._journal.boundary()

    async def reserve(self, key: str, estimate: Estimate) -> Grant | None:
        return await self._journal.reserve(key, estimate)

    async def release(self, key: str) -> None:
        await self._journal.release(key)

    async def lookup(self, key: str) -> Step | None:
        return await self._journal.lookup(key)

    async def settled(self, kind: str) -> list[Step]:
        return await self._journal.settled(kind)

    async def settle(self, step: Step, kind: Kind, data: Mapping[str, Any]) -> None:
        await self._journal.settle(step, kind, data)

    async def ask(self, key: str, question: Question) -> Answer:
        return await self._journal.ask(key, question)

    async def answered(self, keys: Collection[str]) -> None:
        await self._journal.answered(keys)

    async def earlier_turns(self) -> list[Turn]:
        return await self._journal.earlier_turns()
