"""What a call costs, by the price list in `prices.json`."""

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from workflows.engine.llm.settings import DEMO, ModelSettings
from workflows.engine.llm.tokens import Tokens

_LIST: Final[dict[str, Any]] = json.loads(files(__package__).joinpath("prices.json").read_text("utf-8"))
_SNAPSHOT: Final = re.compile(r"-20\d\d-\d\d-\d\d$")

PRICES_DATE: Final[str] = _LIST["date"]
PER_TOKENS: Final[int] = _LIST["per_tokens"]
# The demo model answers to any name; what it would have cost is counted all the same, and marked `demo`.
DEMO_PRICED_AS: Final = "gpt-4o-mini"


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    cached_input: float
    output: float

    def of(self, tokens: Tokens) -> float:
        """US dollars for these tokens."""
        fresh = tokens.prompt - tokens.cached
        total = fresh * self.input + tokens.cached * self.cached_input + tokens.completion * self.output
        return round(total / PER_TOKENS, 9)


def price(model: str) -> Price | None:
    """A model's price, by its name with or without a snapshot's date; None if it is not on the list."""
    models: dict[str, dict[str, float]] = _LIST["models"]
    row = models.get(model) or models.get(_SNAPSHOT.sub("", model))
    if row is None:
        return None
    return Price(row["input"], row.get("cached_input", row["input"]), row["output"])


def price_for(settings: ModelSettings) -> Price | None:
    """What these calls are counted with. The demo provider's prices are imaginary."""
    known = price(settings.model)
    return price(DEMO_PRICED_AS) if known is None and settings.provider == DEMO else known


def cost_usd(settings: ModelSettings, tokens: Tokens | None) -> float | None:
    """What a call cost; None if price or tokens are unknown."""
    known = price_for(settings)
    return None if known is None or tokens is None else known.of(tokens)
