"""The engine's journal, over the rows."""

import asyncio
import uuid
from collections.abc import Collection, Mapping
from typing import Any, Final

from workflows import services
from workflows.database import DatabaseThreads
from workflows.engine.budget import Estimate, Grant
from workflows.engine.journal import Step, Turn, Usage
from workflows.engine.questions import Answer, Question
from workflows.events import Kind
from workflows.exceptions import BudgetExceeded, Paused, Waiting
from workflows.models import Event, Status, Task
from workflows.models import Step as StepRow
from workflows.services import Claim, Write
from workflows.services.standing import STANDING, standing
from workflows.worker.bounds import bounded
from workflows.worker.texts import TextWriter

MOST_EARLIER_TURNS: Final = 20


class DatabaseJournal:
    """One task's journal under one claim. Its writes are numbered, one after the other, and each is one transaction.

    What the task's earlier claims told and settled is loaded at the start, so that a replay repeats neither.
    """

    def __init__(self, task: Task, claim: Claim, threads: DatabaseThreads, texts: TextWriter) -> None:
        self._task = task
        self._claim = claim
        self._threads = threads
        self._texts = texts
        self.pausing = False
        """Somebody asked the task to pause."""
        self._told: set[str] = set()
        self._steps: dict[str, Step] = {}
        self._answers: dict[str, Answer] = {}
        self._waiting: set[str] = set()
        self._somebody_answered = asyncio.Condition()
        self._standing: dict[str, Any] = {"progress": task.progress}
        self._limited = False
        self._writes = 0
        self._one_by_one = asyncio.Lock()

    async def load(self) -> None:
        """Read what earlier claims, or the ledger of the task that this one runs again, hold."""
        self._told, self._steps, self._standing = await self._threads.insist(_load, self._task)
        self._limited = await self._threads.insist(services.is_limited, self._task)
        await self.hear(await self._threads.insist(services.answers_of, [self._task.pk]))

    async def tell(self, key: str, kind: Kind, data: Mapping[str, Any]) -> None:
        if kind is Kind.TASK_PROGRESS and int(data["progress"]) < self._standing["progress"]:
            # A replay comes by every step of it, also by those that the first time were passed over in one.
            return
        if kind is Kind.MODEL_RETRIED:
            # Also where an earlier claim has told of the same try: the text begins anew.
            await self._texts.begin_anew(self._claim, data["call"])
        await self._append(key, kind, data, changes=self._progress_of(kind, data))

    async def text(self, call: str, text: str, *, stage: str, node: str | None, kind: Kind = Kind.MODEL_TEXT) -> None:
        if text:
            await self._texts.put(self._claim, kind, call, text, stage=stage, node=node)

    async def told(self, key: str, kind: Kind) -> bool:
        return _event_key(kind, key) in self._told

    async def boundary(self) -> None:
        if self.pausing:
            raise Paused("the task was asked to pause")

    async def reserve(self, key: str, estimate: Estimate) -> Grant | None:
        if not self._limited:
            return Grant(estimate.output_tokens)
        try:
            grant, warnings = await self._threads.insist(services.reserve, self._claim, key, estimate)
        except BudgetExceeded as exceeded:
            await self.tell("budget", Kind.BUDGET_EXCEEDED, exceeded.limit)
            raise
        for warning in warnings:
            await self.tell(f"{warning['scope']}/{warning['unit']}", Kind.BUDGET_WARNING, warning)
        return grant

    async def release(self, key: str) -> None:
        if self._limited:
            await self._threads.insist(services.release, self._claim, key)

    async def lookup(self, key: str) -> Step | None:
        return self._steps.get(key)

    async def settled(self, kind: str) -> list[Step]:
        return [step for step in self._steps.values() if step.kind == kind]

    async def settle(self, step: Step, kind: Kind, data: Mapping[str, Any]) -> None:
        usage = step.usage
        changes = {
            "model_calls": 1,
            "unpriced_calls": int(usage.cost_usd is None),
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "cost_usd": usage.cost_usd or 0,
        }
        await self._append(step.key, kind, data, changes=changes if step.kind == "model" else {}, step=step)
        self._steps[step.key] = step

    async def ask(self, key: str, question: Question) -> Answer:
        if key not in self._answers:
            await self._ask(key, question)
            self._waiting.add(key)
            raise Waiting([key])
        return self._answers[key]

    async def answered(self, keys: Collection[str]) -> None:
        async with self._somebody_answered:
            await self._somebody_answered.wait_for(lambda: any(key in self._answers for key in keys))

    @property
    def is_asking(self) -> bool:
        """Whether questions of this claim wait, of whose answers `hear` should tell."""
        return bool(self._waiting)

    async def hear(self, answers: Mapping[tuple[uuid.UUID, str], Answer]) -> None:
        """Answers by task and key; those of other tasks are not for this journal."""
        async with self._somebody_answered:
            self._answers |= {key: said for (task_id, key), said in answers.items() if task_id == self._task.pk}
            self._waiting -= self._answers.keys()
            self._somebody_answered.notify_all()

    async def _ask(self, key: str, question: Question) -> None:
        async with self._one_by_one:
            event_key = _event_key(Kind.QUESTION_ASKED, key)
            if event_key in self._told:
                return
            await self._texts.flush(self._claim)
            self._writes += 1
            write = Write(self._claim, self._writes)
            await self._threads.insist(services.ask, self._task, key, question, event_key, write)
            self._told.add(event_key)

    async def earlier_turns(self) -> list[Turn]:
        return await self._threads.insist(_earlier_turns, self._task)

    async def flush(self) -> None:
        """Return when all text is written. Raises StaleClaim once the claim is over."""
        await self._texts.flush(self._claim)

    async def next_write(self) -> Write:
        """The number for the task's closing write, after everything that was told before."""
        await self.flush()
        self._writes += 1
        return Write(self._claim, self._writes)

    async def _append(
        self,
        key: str,
        kind: Kind,
        data: Mapping[str, Any],
        *,
        changes: Mapping[str, Any],
        step: Step | None = None,
    ) -> None:
        async with self._one_by_one:
            # A step and its event share a key; an event may also have told the beginning of the step.
            event_key = _event_key(kind, key)
            if event_key in self._told:
                return
            await self._texts.flush(self._claim)
            self._writes += 1
            await self._threads.insist(
                services.append,
                self._task.pk,
                kind,
                bounded(data if kind is Kind.TASK_PROGRESS else {**self._standing, **data}),
                write=Write(self._claim, self._writes),
                key=event_key,
                step=step,
                changes=changes,
            )
            self._told.add(event_key)

    def _progress_of(self, kind: Kind, data: Mapping[str, Any]) -> dict[str, Any]:
        if kind is not Kind.TASK_PROGRESS:
            return {}
        self._standing = {name: data[name] for name in STANDING if name in data}
        return {"progress": self._standing["progress"], "current_state": str(data["current_state"])[:500]}


def _event_key(kind: Kind, key: str) -> str:
    return f"{kind}:{key}"


def _earlier_turns(task: Task) -> list[Turn]:
    before = Task.objects.filter(thread=task.thread_id, run_no__lt=task.run_no or 0).order_by("-run_no")
    if task.channel_id:
        # Of a turn that was given up nothing is to be seen in the next one.
        before = before.filter(status=Status.COMPLETED)
    newest = before.values_list("goal", "result")[:MOST_EARLIER_TURNS]
    return [Turn(goal, result["final_response"] if result else None) for goal, result in reversed(newest)]


def _load(task: Task) -> tuple[set[str], dict[str, Step], dict[str, Any]]:
    keys = Event.objects.filter(task=task, key__isnull=False).values_list("key", flat=True)
    # In the order in which they were settled.
    rows = StepRow.objects.filter(task=task).order_by("pk")
    steps = {
        row.key: Step(
            key=row.key,
            kind=row.kind,
            output=row.output,
            usage=Usage(
                prompt_tokens=row.prompt_tokens,
                completion_tokens=row.completion_tokens,
                latency_ms=row.latency_ms,
                cost_usd=None if row.cost_usd is None else float(row.cost_usd),
            ),
        )
        for row in rows
    }
    return {key for key in keys if key}, steps, standing(task.pk)
