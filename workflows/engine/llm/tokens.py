"""What a call takes, as its endpoint counts it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tokens:
    """As the endpoint counted them. `cached` prompt tokens are part of `prompt`, and cheaper."""

    prompt: int
    completion: int
    cached: int = 0
