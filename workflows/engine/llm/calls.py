"""A model call as a step of a task: told throughout, tried again if it fails, never once settled."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

import openai

from workflows.engine.budget import Estimate, Grant, most_prompt_tokens
from workflows.engine.journal import Journal, Step, Usage
from workflows.engine.llm import concessions, faults, stream
from workflows.engine.llm.client import Models
from workflows.engine.llm.faults import CallError, StreamLost
from workflows.engine.llm.prices import PER_TOKENS, PRICES_DATE, cost_usd, price_for
from workflows.engine.llm.settings import DEMO, ModelSettings
from workflows.engine.llm.stream import Received, Reply
from workflows.engine.llm.tokens import Tokens
from workflows.engine.text import cut
from workflows.events import Kind

STEP_KIND: Final = "model"

MAX_TOLD_CHARS: Final = 8_000
"""Of a reply in its event; the ledger has all of it."""
MAX_TOLD_REQUESTS: Final = 16

MAX_PIECE_CHARS: Final = 5_000
"""Some endpoints send a whole reply as one piece. Escaped as JSON, a character takes up to 12 bytes of an event."""

RESERVE_AGAIN_S: Final = 0.2

Message = dict[str, Any]
"""As Chat Completions has it: of a role, with a content."""

OnText = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Call:
    """One question to the model. `key` is its place in the ledger and its name in every event.

    `response_format`: None for plain text. `tools`: those that the model may call, as Chat Completions offers them.
    `shows_reply`: whether its event holds what was replied.
    `listen`: asked at each attempt for who hears the reply's text as it comes, since an attempt starts over.
    """

    key: str
    stage: str
    node: str | None
    messages: tuple[Message, ...]
    response_format: Mapping[str, Any] | None
    tools: tuple[Mapping[str, Any], ...] = ()
    shows_reply: bool = False
    listen: Callable[[], OnText] | None = None


@dataclass(frozen=True)
class ModelCaller:
    """Makes a task's calls: with its settings, over the process's connections, into its journal."""

    settings: ModelSettings
    models: Models
    journal: Journal

    async def reply(self, call: Call) -> Reply:
        """The model's reply, from the ledger if it is there.

        Raises `ModelFailed` when the endpoint refuses, or fails at every attempt; `Paused` instead of asking.
        """
        step = await self.journal.lookup(call.key)
        if step is not None:
            return Reply.from_json(step.output)
        await self.journal.boundary()
        estimate = self._estimate(call)
        grant = await self._reserved(call, estimate)
        await self.journal.tell(f"{call.key}/started", Kind.MODEL_STARTED, self._about_to_ask(call, estimate, grant))
        received: Received | None = None
        try:
            received = await self._received(call, grant)
        finally:
            if received is None:  # it failed or was cancelled, and nothing will settle it
                await asyncio.shield(self.journal.release(call.key))
        if received.tokens is None and grant.cost_usd is not None:
            # Where money is counted, an endpoint that does not count is taken to have used what it was granted.
            tokens = Tokens(prompt=estimate.prompt_tokens, completion=grant.output_tokens or 0)
            received = replace(received, tokens=tokens)
        await self._settle(call, received)
        return received.reply

    def _estimate(self, call: Call) -> Estimate:
        asked = self.settings.max_completion_tokens or self.settings.max_tokens
        price = price_for(self.settings)
        return Estimate(
            prompt_tokens=most_prompt_tokens(self._body(call)),
            output_tokens=asked,
            prompt_usd=price.input / PER_TOKENS if price else None,
            output_usd=price.output / PER_TOKENS if price else None,
        )

    async def _reserved(self, call: Call, estimate: Estimate) -> Grant:
        """Waits while calls side by side hold what this one needs. Raises `BudgetExceeded`."""
        while (grant := await self.journal.reserve(call.key, estimate)) is None:
            await self.models.retries.sleep(RESERVE_AGAIN_S)
            await self.journal.boundary()
        return grant

    async def _received(self, call: Call, grant: Grant) -> Received:
        """The reply of the first attempt that succeeds. Conceding something does not count as a failure."""
        taken = self.models.conceded(self.settings)
        failures = 0
        for attempt in count(1):
            body = concessions.applied(_capped(self._body(call), grant), taken)
            try:
                received = await self._attempt(call, body)
            except (openai.APIError, StreamLost) as error:
                conceded = concessions.offer(error, body, taken)
                if conceded is not None:
                    taken = (*taken, conceded)
                    await self._tell_retry(call, attempt, conceded.reason, faults.status_of(error), 0.0)
                    continue
                failures += 1
                await self._wait(call, attempt, failures, error)
            else:
                self.models.remember(self.settings, taken)
                return received
        raise AssertionError("unreachable: the attempts end with a reply or an error")

    async def _attempt(self, call: Call, body: Mapping[str, Any]) -> Received:
        heard = call.listen() if call.listen else None

        async def on_text(text: str) -> None:
            for start in range(0, len(text), MAX_PIECE_CHARS):
                piece = text[start : start + MAX_PIECE_CHARS]
                await self.journal.text(call.key, piece, stage=call.stage, node=call.node)
            if heard is not None:
                await heard(text)

        async with self.models.slot(self.settings):
            return await stream.read(lambda: self.models.open(self.settings, body), on_text)

    async def _wait(self, call: Call, attempt: int, failures: int, error: CallError) -> None:
        """Wait for the next attempt, or raise `ModelFailed` when there is none."""
        retries = self.models.retries
        fault = faults.passing(error)
        if fault is None or failures >= retries.attempts:
            raise faults.failure(error, self.settings, failures) from None
        delay_s = retries.delay_s(failures, fault.retry_after_s)
        await self._tell_retry(call, attempt, fault.reason, fault.status, delay_s)
        await self.journal.boundary()
        await retries.sleep(delay_s)
        await self.journal.boundary()

    async def _tell_retry(self, call: Call, attempt: int, reason: str, status: int | None, delay_s: float) -> None:
        await self.journal.tell(
            f"{call.key}/retried/{attempt}",
            Kind.MODEL_RETRIED,
            {
                "call": call.key,
                "stage": call.stage,
                "node": call.node,
                "attempt": attempt,
                "reason": reason,
                "status": status,
                "delay_s": round(delay_s, 3),
            },
        )

    async def _settle(self, call: Call, received: Received) -> None:
        tokens = received.tokens
        cost = cost_usd(self.settings, tokens)
        step = Step(
            key=call.key,
            kind=STEP_KIND,
            # With who answered, since the events that say so may be pruned one day.
            output={**received.reply.as_json(), "provider": self.settings.provider},
            usage=Usage(
                prompt_tokens=tokens.prompt if tokens else 0,
                completion_tokens=tokens.completion if tokens else 0,
                latency_ms=received.latency_ms,
                cost_usd=cost,
            ),
        )
        await self.journal.settle(
            step,
            Kind.MODEL_COMPLETED,
            {
                **self._about(call),
                "usage": _usage(tokens),
                "latency_ms": received.latency_ms,
                "first_token_ms": received.first_token_ms,
                "cost_usd": cost,
                "price": "unknown" if cost is None else "known",
                "prices_date": PRICES_DATE,
                "demo": self.settings.provider == DEMO,
                **(await self._shown(received.reply, cost) if call.shows_reply else {}),
            },
        )

    async def _shown(self, reply: Reply, cost: float | None) -> dict[str, Any]:
        spent = sum(step.usage.cost_usd or 0 for step in await self.journal.settled(STEP_KIND))
        return {
            "content": cut(reply.text, MAX_TOLD_CHARS),
            "tool_calls": [
                {"id": asked.id, "name": cut(asked.name, 64), "arguments": cut(asked.arguments, 500)}
                for asked in reply.tool_calls[:MAX_TOLD_REQUESTS]
            ],
            "total_cost_usd": round(spent + (cost or 0), 8),
        }

    def _about_to_ask(self, call: Call, estimate: Estimate, grant: Grant) -> dict[str, Any]:
        return {
            **self._about(call),
            "messages": len(call.messages),
            "estimated_cost_usd": estimate.cost_usd if grant.cost_usd is None else grant.cost_usd,
        }

    def _about(self, call: Call) -> dict[str, Any]:
        return {
            "call": call.key,
            "stage": call.stage,
            "node": call.node,
            "model": self.settings.model,
            "provider": self.settings.provider,
        }

    def _body(self, call: Call) -> dict[str, Any]:
        return {
            **self.settings.options(),
            "messages": list(call.messages),
            **({"response_format": dict(call.response_format)} if call.response_format else {}),
            **({"tools": list(call.tools)} if call.tools else {}),
            "stream_options": {"include_usage": True},
        }


def _capped(body: dict[str, Any], grant: Grant) -> dict[str, Any]:
    """The body with no more output than was granted."""
    if grant.output_tokens is None:
        return body
    field = "max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"
    return {**body, field: grant.output_tokens}


def _usage(tokens: Tokens | None) -> dict[str, int] | None:
    """As the endpoint counted, or None if it does not count."""
    if tokens is None:
        return None
    return {
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.prompt + tokens.completion,
    }
