"""Writers of conversations: turns that wait for one another, some of which are cancelled while they do."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sessions.callers import Caller
from tests.history.conversations import Conversations
from tests.history.history import Stream
from tests.history.writers import LIFE_SECONDS, Writer, insist
from workflows import services
from workflows.events import Kind
from workflows.http.agents import Asked, submission_of
from workflows.models import Agent, Task, Worker
from workflows.services import Idempotency

MOST_TURNS = 3


class ConversationWriter(Writer):
    """Writes the turns of its own conversations."""

    event = (Kind.AGENT_ITERATION_STARTED, {"iteration": 1, "max_iterations": 50, "budget_remaining_usd": None})
    most_writes = 15

    def __init__(
        self,
        name: str,
        seed: int,
        caller: Caller,
        streams: list[Stream],
        rivals: ThreadPoolExecutor,
        agent: Agent,
        conversations: Conversations,
    ) -> None:
        super().__init__(name, seed, caller, [], streams, rivals)
        self._agent = agent
        self._conversations = conversations
        self._stopping = threading.Event()

    def run(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        super().run(stopping)

    def _write_task(self, worker: Worker) -> None:
        turns = [insist(self._begin, self._idempotency())]
        thread = turns[0].thread
        assert thread
        self._streams.append(Stream("thread", str(thread.pk), agent=str(self._agent.pk)))
        more = self._chance.randrange(MOST_TURNS)
        for turn in turns:
            waits = self._chance.random() < 0.5
            if more and waits:
                more -= 1
                turns.append(self._go_on(turn))
            self._work_on(turn, worker)
            if more and turn is turns[-1] and not self._stopping.is_set():
                more -= 1
                turns.append(self._go_on(turn))
        self._conversations.turns[str(thread.pk)] = len(turns)

    def _begin(self, idempotency: Idempotency) -> Task:
        return services.start_conversation(
            self._caller, self._agent, submission_of(self._agent, self._asked(idempotency))
        )

    def _go_on(self, turn: Task) -> Task:
        assert turn.thread
        submission = insist(submission_of, self._agent, self._asked(self._idempotency()))
        following = insist(services.take_turn, self._caller, turn.thread, submission)
        if self._chance.random() < 0.2:
            insist(services.cancel_quietly, following, reason="not needed any more")
        return following

    def _asked(self, idempotency: Idempotency) -> Asked:
        return Asked(
            idempotency.key, streams=self._chance.random() < 0.8, timeout_seconds=LIFE_SECONDS, idempotency=idempotency
        )

    def _idempotency(self) -> Idempotency:
        """A turn whose COMMIT went unanswered must not be taken twice."""
        return Idempotency(self._marker(), route="checker")

    def _stream(self, task: Task) -> Stream:
        return Stream("task", str(task.pk), native=True)

    def _result(self, task: Task) -> dict[str, Any]:
        return {"success": True, "iterations": 1, "final_response": task.goal, "message": ""}
