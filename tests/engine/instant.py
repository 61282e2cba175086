"""An endpoint without a network, for workflows of thousands of nodes: the engine's own cost, and nothing else."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from openai.types.chat import ChatCompletionChunk

from workflows.engine.llm.client import Models
from workflows.engine.llm.settings import ModelSettings


class InstantModels(Models):
    """Answers every node at once with a short text for each of its outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    async def open(self, settings: ModelSettings, body: Mapping[str, Any]) -> Any:
        self.calls += 1
        schema = body["response_format"]["json_schema"]["schema"]
        return _Stream(json.dumps(dict.fromkeys(schema["properties"], "short")))


class _Stream:
    def __init__(self, text: str) -> None:
        delta = {"index": 0, "delta": {"content": text}, "finish_reason": "stop"}
        self.chunk = ChatCompletionChunk.model_validate(
            {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [delta]}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        yield self.chunk


@asynccontextmanager
async def instant() -> AsyncIterator[InstantModels]:
    async with InstantModels() as models:
        yield models


SETTINGS = ModelSettings(provider="demo", base_url="http://127.0.0.1:9/v1", model="instant")
