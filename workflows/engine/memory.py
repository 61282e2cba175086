"""A journal in memory: for tests, and for running the engine without a server.

journal = MemoryJournal()
async with Models() as models:
    graph = await generate("Write a haiku", settings=settings, models=models, journal=journal)
print([event.kind for event in journal.events])
"""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.engine.budget import UNLIMITED, Estimate, Grant
from workflows.engine.journal import MAX_KEY_CHARS, Step, Turn
from workflows.engine.questions import Answer, Question
from workflows.events import MAX_DATA_BYTES, Kind
from workflows.exceptions import Paused, Waiting


@dataclass(frozen=True)
class Told:
    """One event as it was told. Streamed text has no key."""

    key: str | None
    kind: Kind
    data: dict[str, Any]


class MemoryJournal:
    """Keeps events and steps as the database does, and refuses what it would refuse.

    `ValueError`: data that is no JSON or too large, a key that is too long, or progress that falls. With
    `pause_requested` the next boundary raises `Paused`. `person` answers what is asked; what it has no answer to waits
    for `answer`.
    """

    def __init__(
        self, steps: Mapping[str, Step] | None = None, person: Callable[[Question], Answer | None] = lambda _: None
    ) -> None:
        self.events: list[Told] = []
        self.steps: dict[str, Step] = dict(steps or {})
        self.questions: dict[str, Question] = {}
        self.pause_requested = False
        self._person = person
        self._answers: dict[str, Answer] = {}
        self._somebody_answered = asyncio.Condition()
        self.earlier: list[Turn] = []
        self._told: set[tuple[Kind, str]] = set()
        self._progress = 0

    async def tell(self, key: str, kind: Kind, data: Mapping[str, Any]) -> None:
        # A step and its event share a key; another event may have told the beginning of the step.
        if (kind, key) not in self._told:
            self._append(key, kind, data)
            self._told.add((kind, key))

    async def text(self, call: str, text: str, *, stage: str, node: str | None, kind: Kind = Kind.MODEL_TEXT) -> None:
        self._append(None, kind, {"call": call, "stage": stage, "node": node, "text": text})

    async def told(self, key: str, kind: Kind) -> bool:
        return (kind, key) in self._told

    async def lookup(self, key: str) -> Step | None:
        return self.steps.get(key)

    async def settled(self, kind: str) -> list[Step]:
        return [step for step in self.steps.values() if step.kind == kind]

    async def settle(self, step: Step, kind: Kind, data: Mapping[str, Any]) -> None:
        if step.key not in self.steps:
            self._append(step.key, kind, data)
            self._told.add((kind, step.key))
            self.steps[step.key] = step

    async def reserve(self, key: str, estimate: Estimate) -> Grant:
        return UNLIMITED

    async def release(self, key: str) -> None:
        return

    async def boundary(self) -> None:
        if self.pause_requested:
            raise Paused("The task was paused.")

    async def ask(self, key: str, question: Question) -> Answer:
        if key not in self.questions:
            await self.tell(key, Kind.QUESTION_ASKED, {"kind": question.kind, "text": question.text})
            self.questions[key] = question
            if said := self._person(question):
                self._answers[key] = said
        if key not in self._answers:
            raise Waiting([key])
        return self._answers[key]

    async def answered(self, keys: Collection[str]) -> None:
        async with self._somebody_answered:
            await self._somebody_answered.wait_for(lambda: any(key in self._answers for key in keys))

    async def answer(self, key: str, answer: Answer) -> None:
        """Say what the person says who was asked under this key."""
        async with self._somebody_answered:
            self._answers[key] = answer
            self._somebody_answered.notify_all()

    async def earlier_turns(self) -> list[Turn]:
        return self.earlier

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        """The data of all events of a kind, in order."""
        return [event.data for event in self.events if event.kind == kind]

    def _append(self, key: str | None, kind: Kind, data: Mapping[str, Any]) -> None:
        if key is not None and len(key) > MAX_KEY_CHARS:
            raise ValueError(f"the key {key} is longer than {MAX_KEY_CHARS} characters")
        written = json.dumps(data, allow_nan=False, ensure_ascii=False)
        if len(written.encode()) > MAX_DATA_BYTES:
            raise ValueError(f"the data of {key} is larger than {MAX_DATA_BYTES} bytes")
        if kind == Kind.TASK_PROGRESS:
            if data["progress"] < self._progress:
                raise ValueError(f"progress falls from {self._progress} to {data['progress']} with {key}")
            self._progress = data["progress"]
        self.events.append(Told(key, kind, json.loads(written)))
