"""What this process has done since it started, for `/metrics`.

Plain numbers without locks, since they are kept on the hottest paths: two threads that count in the same instant may
lose a count. A worker, which serves no HTTP, writes its measures into its row with each renewal of its lease.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from workflows.events import TASK_ENDINGS

SHORT: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
LONG: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
TOTALS: Final = ("model_calls", "unpriced_calls", "prompt_tokens", "completion_tokens", "cost_usd")


class Histogram:
    """How many durations fell under which bound. Seconds."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds

    def to_json(self) -> dict[str, Any]:
        return {"bounds": list(self.bounds), "counts": list(self.counts), "sum": self.sum}


class Measures:
    def __init__(self) -> None:
        self.open_streams = 0
        """Readers that are connected now; callers that wait for a task's end are among them."""
        self.websockets = 0
        """Clients that are connected by one; the streams that they follow are among the readers."""
        self.frames = 0
        self.delivery = Histogram(SHORT)
        """From an event's writing until its frame is handed to this process's readers."""
        self.append = Histogram(SHORT)
        self.queue_wait = Histogram(LONG)
        self.ended: Counter[str] = Counter()
        """Tasks by the kind of the event that this process ended them with."""
        self.totals: Counter[str] = Counter()
        self.deliveries: Counter[str] = Counter()
        """Attempts of webhooks by outcome: `accepted`, `failed`, `given_up`."""

    def appended(self, kind: str, changes: Mapping[str, Any], seconds: float) -> None:
        """An event was written, with these changes of its task."""
        self.append.observe(seconds)
        if kind in TASK_ENDINGS:
            self.ended[kind] += 1
        for name in TOTALS:
            if name in changes:
                self.totals[name] += changes[name]

    def to_json(self) -> dict[str, Any]:
        """What is told of a worker process."""
        return {
            "append": self.append.to_json(),
            "queue_wait": self.queue_wait.to_json(),
            "ended": dict(self.ended),
            "totals": dict(self.totals),
            "deliveries": dict(self.deliveries),
        }


MEASURES: Final = Measures()
"""This process's."""
