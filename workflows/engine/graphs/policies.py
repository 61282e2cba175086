"""How patiently a node is run: the optional key `execution` of a node.

    "execution": {"retries": 2, "retry_on": ["timeout"], "backoff_s": 1.5, "timeout_seconds": 60, "approval": "before"}

One key of our own, so that it cannot collide with one of EvoAgentX's, whose `WorkFlowNode` keeps extra keys
(`BaseModule`, `extra="allow"`, 0.1.4).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from workflows.exceptions import ModelUnusable, NotApproved, TaskError, TimedOut

KEY: Final = "execution"

TIMEOUT: Final = "timeout"
MODEL_FAILED: Final = "model_failed"
INVALID_OUTPUT: Final = "invalid_output"
RETRY_ON: Final = (TIMEOUT, MODEL_FAILED, INVALID_OUTPUT)
NOT_APPROVED: Final = "not_approved"
ERRORS: Final = (*RETRY_ON, NOT_APPROVED)
"""The words for what a node fails by. A person's no is not tried again."""

BEFORE: Final = "before"

MAX_RETRIES: Final = 10
MAX_BACKOFF_S: Final = 300
MAX_TIMEOUT_S: Final = 3_600
LONGEST_DELAY_S: Final = 300.0


@dataclass(frozen=True)
class Policy:
    """`retries`: attempts after the first one. The delay before them doubles, from `backoff_s` on. Seconds.

    `needs_approval`: it starts only after a person's yes.
    """

    retries: int = 0
    retry_on: frozenset[str] = frozenset(RETRY_ON)
    backoff_s: float = 1.0
    timeout_s: float | None = None
    needs_approval: bool = False

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> Self:
        """The policy of a node without `policy_problems`."""
        said: Mapping[str, Any] = node.get(KEY) or {}
        default = cls()
        return cls(
            retries=said.get("retries", default.retries),
            retry_on=frozenset(said.get("retry_on", default.retry_on)),
            backoff_s=float(said.get("backoff_s", default.backoff_s)),
            timeout_s=said.get("timeout_seconds"),
            needs_approval=said.get("approval") == BEFORE,
        )

    def delay_s(self, attempt: int, error: str) -> float | None:
        """How long to wait after this attempt, the first one being 1; None if it was the last."""
        if attempt > self.retries or error not in self.retry_on:
            return None
        return min(self.backoff_s * 2.0 ** (attempt - 1), LONGEST_DELAY_S)


def error_type(error: TaskError) -> str:
    """The word for an error in events and, if it may be tried again, in `retry_on`."""
    match error:
        case TimedOut():
            return TIMEOUT
        case ModelUnusable():
            return INVALID_OUTPUT
        case NotApproved():
            return NOT_APPROVED
    return MODEL_FAILED


def policy_problems(node: Mapping[str, Any], place: str) -> Iterator[str]:
    """What is wrong with a node's `execution`."""
    said = node.get(KEY)
    if said is None:
        return
    here = f"{place}.{KEY}"
    if not isinstance(said, dict):
        yield f"{here} must be an object with {', '.join(_KNOWN)}, all optional"
        return
    for name in said:
        if name not in _KNOWN:
            yield f"{here} has the unknown key {str(name)[:80]!r}; it takes {', '.join(_KNOWN)}"
    if not _whole(said.get("retries", 0), MAX_RETRIES):
        yield f"{here}.retries must be a whole number from 0 to {MAX_RETRIES}"
    retry_on = said.get("retry_on", [])
    if not isinstance(retry_on, list) or not all(isinstance(e, str) and e in RETRY_ON for e in retry_on):
        yield f"{here}.retry_on must be a list of some of {', '.join(RETRY_ON)}"
    if not _within(said.get("backoff_s", 0), MAX_BACKOFF_S):
        yield f"{here}.backoff_s must be a number of seconds from 0 to {MAX_BACKOFF_S}"
    timeout = said.get("timeout_seconds")
    if timeout is not None and not (_within(timeout, MAX_TIMEOUT_S) and timeout > 0):
        yield f"{here}.timeout_seconds must be a number of seconds, more than 0 and at most {MAX_TIMEOUT_S}"
    if said.get("approval") not in (None, BEFORE):
        yield f'{here}.approval must be "{BEFORE}", or left out'


_KNOWN: Final = ("retries", "retry_on", "backoff_s", "timeout_seconds", "approval")


def _whole(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _within(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
