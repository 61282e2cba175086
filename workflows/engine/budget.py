"""What a model call can take at most, reserved before it is made."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

LEAST_OUTPUT: Final = 256
"""Tokens. With less room than this a call is not worth making, unless its request asks for less."""
MESSAGE_TOKENS: Final = 16
"""What an endpoint adds to each message, and to the whole, at most."""


@dataclass(frozen=True)
class Estimate:
    """The most that a call can take: tokens of its prompt, those that it may answer with (None: as many as it likes),
    and US dollars for one token of each (None: nobody knows)."""

    prompt_tokens: int
    output_tokens: int | None
    prompt_usd: float | None
    output_usd: float | None

    @property
    def cost_usd(self) -> float | None:
        """US dollars, as far as they can be known before: where the answer has no limit, those of the prompt."""
        if self.prompt_usd is None or self.output_usd is None:
            return None
        return round(self.prompt_tokens * self.prompt_usd + (self.output_tokens or 0) * self.output_usd, 8)


class Grant(NamedTuple):
    """How many tokens the model may answer with; None where nothing limits the task."""

    output_tokens: int | None
    cost_usd: float | None = None


UNLIMITED: Final = Grant(None)


def most_prompt_tokens(body: Mapping[str, Any]) -> int:
    """No tokenizer makes more tokens than there are bytes."""
    said = {name: body[name] for name in ("messages", "tools", "response_format") if name in body}
    size = len(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return size + MESSAGE_TOKENS * (len(body["messages"]) + 1)
