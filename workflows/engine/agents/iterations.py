"""The iterations of an agent: how many it may take, and that they are told."""

from dataclasses import dataclass
from types import TracebackType

from workflows.engine.journal import Journal
from workflows.engine.keys import AGENT
from workflows.engine.llm.calls import STEP_KIND
from workflows.events import Kind
from workflows.exceptions import IterationsUsedUp


@dataclass
class Iterations:
    """Each is one reply, with the tools that it calls; `async with` takes the next one.

    `key`: what the keys of their events begin with. `budget_usd`: the task's, if it has one. `is_progress`: whether
    they are the task's own, and not those of an agent that is asked in it.
    """

    journal: Journal
    key: str
    most: int
    budget_usd: float | None = None
    is_progress: bool = False
    taken: int = 0

    async def __aenter__(self) -> None:
        """The next one begins. Raises `IterationsUsedUp`."""
        if self.taken >= self.most:
            raise IterationsUsedUp(
                f"The agent took all its {self.most} iterations and gave no answer. Allow it more with max_iterations, "
                "or ask for less at once."
            )
        self.taken += 1
        if self.is_progress:
            await self._tell_progress()
        left = None if self.budget_usd is None else round(max(self.budget_usd - await self.spent_usd(), 0), 8)
        await self.journal.tell(
            f"{self.key}/{self.taken}",
            Kind.AGENT_ITERATION_STARTED,
            {"iteration": self.taken, "max_iterations": self.most, "budget_remaining_usd": left},
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        await self.journal.tell(
            f"{self.key}/{self.taken}",
            Kind.AGENT_ITERATION_COMPLETED,
            {"iteration": self.taken, "total_cost_usd": await self.spent_usd()},
        )

    async def _tell_progress(self) -> None:
        """Of the iterations that it may take: nobody knows how many it will need."""
        await self.journal.tell(
            f"{self.key}/{self.taken}",
            Kind.TASK_PROGRESS,
            {
                "progress": 100 * (self.taken - 1) // self.most,
                "current_state": f"Iteration {self.taken}",
                "step": self.taken,
                "total_steps": self.most,
                "stage": AGENT,
                "node": None,
            },
        )

    async def spent_usd(self) -> float:
        """Of the whole task, as far as the prices are known."""
        return round(sum(step.usage.cost_usd or 0 for step in await self.journal.settled(STEP_KIND)), 8)
