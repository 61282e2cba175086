"""The seam between the engine and whoever keeps the rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from workflows.engine.budget import Estimate, Grant
from workflows.engine.questions import Answer, Question
from workflows.events import Kind

MAX_KEY_CHARS: Final = 160
"""The rows hold 200, the kind before the key included."""


@dataclass(frozen=True)
class Usage:
    """What one model call took: tokens, milliseconds, US dollars (`None`: the model's price is not known)."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    latency_ms: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True)
class Step:
    """One settled step of a task: the ledger's row, under a key that is the same on every replay.

    `key` is made of the stage, the node and the number of the try, never of time or chance: `plan/1`,
    `agents/collect_points/2`. `output` is JSON.
    """

    key: str
    kind: str
    output: Any
    usage: Usage = field(default_factory=Usage)


class Turn(NamedTuple):
    """An earlier task of the same thread: what was asked, and what was answered (None: it ended without an answer)."""

    asked: str
    answered: str | None


class Journal(Protocol):
    """Where the engine tells what happens and looks up what already did. Each verb is one transaction.

    Every verb raises `StaleClaim` once another worker owns the task; the engine lets it through. A key has at
    most `MAX_KEY_CHARS`.
    """

    async def tell(self, key: str, kind: Kind, data: Mapping[str, Any]) -> None:
        """Append one event. A key that was told before, also before a crash, is not told again.

        `TASK_PROGRESS` data holds `progress` (0-100, never falling: a replay's that would is not told),
        `current_state` (a sentence), `step`, `total_steps`, `stage` and `node` (or None).
        """

    async def text(self, call: str, text: str, *, stage: str, node: str | None, kind: Kind = Kind.MODEL_TEXT) -> None:
        """Stream a piece of a model's text, or of a tool's output. Batched; flushed before the next `tell` or
        `settle`."""

    async def told(self, key: str, kind: Kind) -> bool:
        """Whether an event of this kind was told under this key, also before a takeover."""

    async def boundary(self) -> None:
        """Between two steps: raises `Paused` where the task was asked to pause. Ask before something new begins."""

    async def reserve(self, key: str, estimate: Estimate) -> Grant | None:
        """Reserve the most that the call under this key can take; given back when its step is settled.

        None: calls side by side hold what this one needs; ask again soon. Raises `BudgetExceeded`.
        """

    async def release(self, key: str) -> None:
        """Give back what was reserved for a call that did not come to an end."""

    async def lookup(self, key: str) -> Step | None:
        """The settled step under this key, or None if it has to be done."""

    async def settled(self, kind: str) -> list[Step]:
        """All settled steps of this kind, in the order in which they were settled."""

    async def settle(self, step: Step, kind: Kind, data: Mapping[str, Any]) -> None:
        """Write the step and the event that tells it, together."""

    async def ask(self, key: str, question: Question) -> Answer:
        """The answer to a question, which is asked under this key if it was not before. Raises `Waiting` until there is
        one; then the same is asked again, by this run or a later one."""

    async def answered(self, keys: Collection[str]) -> None:
        """Return once one of these questions has an answer."""

    async def earlier_turns(self) -> list[Turn]:
        """The newest earlier tasks of the same thread, oldest first. They have all ended: this stays the same."""
