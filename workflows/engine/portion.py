"""A part of a job that is told as a part of its progress."""

from collections.abc import Mapping
from typing import Any

from workflows.engine.journal import Journal
from workflows.engine.relay import Relay
from workflows.events import Kind


class Portion(Relay):
    """A journal to which 0 to 100 % is `start` to `end` of the whole."""

    def __init__(self, journal: Journal, start: int, end: int) -> None:
        super().__init__(journal)
        self._start = start
        self._end = end

    async def tell(self, key: str, kind: Kind, data: Mapping[str, Any]) -> None:
        if kind is Kind.TASK_PROGRESS:
            percent = self._start + (self._end - self._start) * data["progress"] // 100
            data = {**data, "progress": percent}
        await super().tell(key, kind, data)
