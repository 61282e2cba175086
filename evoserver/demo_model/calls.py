"""What was asked of the model, and how often: the other side of the ledger, for whoever checks a history."""

import hashlib
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from evoserver.demo_model.chat import ChatRequest
from evoserver.demo_model.words import shorten

MAX_ENTRIES: Final = 20_000
MAX_LISTED: Final = 1_000


@dataclass
class Call:
    """The calls with one digest. Every call that started ends up finished, refused or cut, or is still open."""

    digest: str
    model: str
    schema_name: str | None
    goal: str
    goal_digest: str = field(repr=False, default="")
    started: int = 0
    finished: int = 0
    refused: int = 0
    cut: int = 0


class Calls:
    """Counts per distinct request. Bounded: the entries used least recently are dropped, and `dropped` says so."""

    def __init__(self) -> None:
        self.entries: OrderedDict[str, Call] = OrderedDict()
        self.dropped = 0

    def start(self, request: ChatRequest, goal: str) -> Call:
        """Count a call; the caller then counts how it ended on what this returns."""
        call = self.entries.get(request.digest)
        if call is None:
            call = Call(request.digest, request.model, request.schema_name, shorten(goal, 200), _goal_digest(goal))
            self.entries[request.digest] = call
        call.started += 1
        self.entries.move_to_end(request.digest)
        if len(self.entries) > MAX_ENTRIES:
            self.entries.popitem(last=False)
            self.dropped += 1
        return call

    def report(self, goal: str | None = None) -> dict[str, Any]:
        """Sums and entries, newest last; of one goal if one is given."""
        wanted = None if goal is None else _goal_digest(goal)
        chosen = [call for call in self.entries.values() if wanted in (None, call.goal_digest)]
        sums = {name: sum(getattr(call, name) for call in chosen) for name in ("started", "finished", "refused", "cut")}
        listed = [{k: v for k, v in asdict(call).items() if k != "goal_digest"} for call in chosen[-MAX_LISTED:]]
        return {**sums, "distinct": len(chosen), "dropped": self.dropped, "calls": listed}

    def forget(self) -> None:
        self.entries.clear()
        self.dropped = 0


def _goal_digest(goal: str) -> str:
    return hashlib.sha256(goal.strip().encode("utf-8", "surrogatepass")).hexdigest()
