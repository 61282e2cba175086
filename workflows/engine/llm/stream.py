"""One attempt's reply, read off the stream of a chat completion."""

import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Self

import openai
from openai import AsyncStream
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionChunk

from workflows.engine.llm.faults import StreamLost
from workflows.engine.llm.tokens import Tokens
from workflows.engine.llm.tool_requests import CallPiece, CallPieces, ToolRequest, call_pieces
from workflows.engine.text import scrub

MAX_REPLY_CHARS: Final = 500_000
"""A plan of fifty nodes has thirty thousand; what goes on after this is a model that cannot stop."""

OVERLONG: Final = "overlong"
"""Our finish reason for a reply that was cut off by `MAX_REPLY_CHARS`."""


@dataclass(frozen=True)
class Reply:
    """What a model replied: text, the endpoint's finish reason, its refusal if it gave one, the tools it calls."""

    text: str
    finish: str
    refusal: str = ""
    tool_calls: tuple[ToolRequest, ...] = ()

    def as_json(self) -> dict[str, Any]:
        calls = {"tool_calls": [list(call) for call in self.tool_calls]} if self.tool_calls else {}
        return {"text": self.text, "finish": self.finish, "refusal": self.refusal, **calls}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            text=data["text"],
            finish=data["finish"],
            refusal=data["refusal"],
            tool_calls=tuple(ToolRequest(*call) for call in data.get("tool_calls", ())),
        )


@dataclass(frozen=True)
class Received:
    """A reply with what it took: tokens (None if the endpoint does not count), milliseconds."""

    reply: Reply
    tokens: Tokens | None
    latency_ms: int
    first_token_ms: int | None


@dataclass(frozen=True)
class Piece:
    """What one chunk of the stream adds."""

    text: str = ""
    refusal: str = ""
    finish: str = ""
    tokens: Tokens | None = None
    calls: tuple[CallPiece, ...] = ()


async def read(
    opened: Callable[[], Awaitable[AsyncStream[ChatCompletionChunk]]],
    on_text: Callable[[str], Awaitable[None]],
    clock: Callable[[], float] = time.monotonic,
) -> Received:
    """Open the stream and read it to its end. Raises `StreamLost`, and `openai.APIError` while opening."""
    started = clock()
    first_at: float | None = None
    text, refusal, finish = "", "", ""
    calls = CallPieces()
    tokens: Tokens | None = None
    async with await opened() as stream, aclosing(_pieces(stream)) as pieces:
        try:
            async for piece in pieces:
                tokens = piece.tokens or tokens
                finish = piece.finish or finish
                refusal += piece.refusal
                text += piece.text
                calls.add(piece.calls)
                if len(text) + len(refusal) + calls.size > MAX_REPLY_CHARS:
                    # Nobody can use an overlong reply, and the ledger need not hold it.
                    text, refusal, finish, calls = "", "", OVERLONG, CallPieces()
                    break
                if piece.text or piece.calls:
                    first_at = first_at or clock()
                if piece.text:
                    await on_text(piece.text)
        except StreamLost:
            # Only the count of tokens can still be missing once the reply has finished.
            if not finish:
                raise
    if not finish:
        raise StreamLost("the reply was cut off")
    return Received(
        reply=Reply(text, finish, refusal, calls.whole()),
        tokens=tokens,
        latency_ms=_ms(clock() - started),
        first_token_ms=None if first_at is None else _ms(first_at - started),
    )


async def _pieces(stream: AsyncStream[ChatCompletionChunk]) -> AsyncGenerator[Piece, None]:
    """The stream's pieces, with every way in which a stream breaks told as `StreamLost`."""
    try:
        async for chunk in stream:
            yield _piece(chunk)
    except openai.APITimeoutError as error:
        raise StreamLost("the reply stopped coming") from error
    except openai.APIConnectionError as error:
        raise StreamLost("connection lost while streaming") from error
    except openai.APIError as error:
        raise StreamLost("endpoint error while streaming") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StreamLost("the endpoint sent a broken stream") from error


def _piece(chunk: ChatCompletionChunk) -> Piece:
    """What a chunk adds. The library does not validate what it reads, so that any field may be anything."""
    try:
        tokens = _tokens(chunk.usage)
        # Azure's first chunk has no choice, and nor has OpenAI's last, which brings the usage.
        if not chunk.choices:
            return Piece(tokens=tokens)
        choice = chunk.choices[0]
        said = choice.delta
        calls = call_pieces(said.tool_calls)
        return Piece(_str(said.content), _str(said.refusal), _str(choice.finish_reason), tokens, calls)
    except (AttributeError, TypeError, LookupError) as error:
        raise StreamLost("the endpoint sent a broken stream") from error


def _tokens(usage: CompletionUsage | None) -> Tokens | None:
    if usage is None:
        return None
    details = usage.prompt_tokens_details
    counts = (usage.prompt_tokens, usage.completion_tokens, details.cached_tokens if details else 0)
    prompt, completion, cached = (max(count, 0) if isinstance(count, int) else 0 for count in counts)
    return Tokens(prompt=prompt, completion=completion, cached=min(cached, prompt))


def _str(value: object) -> str:
    return scrub(value) if isinstance(value, str) else ""


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
