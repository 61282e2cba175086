"""Writers who use the services directly, as workers do, with slow commits, rollbacks, repeats and stale claims."""

import itertools
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection, connections, transaction

from sessions.callers import Caller
from sessions.models import ClientSession
from tests.factories import make_task, make_worker
from tests.history.history import Intent, Outcome, Stream
from workflows import services
from workflows.events import Kind
from workflows.exceptions import StaleClaim
from workflows.models import Task, Worker
from workflows.services import Claim, TextPiece, Write

P = ParamSpec("P")
R = TypeVar("R")

LONGEST_COMMIT_SECONDS = 0.06
LIFE_SECONDS = 3600.0
WAYS = {"plain": 8, "slow": 2, "rolled back": 2, "repeated": 2, "text": 4, "stale": 1}
"""Of writing, and how often each is chosen beside the others."""


Told = tuple[Kind, dict[str, Any]]
"""A kind of event, and its data."""


class Writer:
    """Writes the histories of its own tasks. Its intents say what must be found there afterwards."""

    event: Told = (Kind.TASK_PROGRESS, {"progress": 1, "current_state": "Writing"})
    """What it tells, besides text."""
    most_writes = 60

    def __init__(
        self,
        name: str,
        seed: int,
        caller: Caller,
        sessions: list[ClientSession],
        streams: list[Stream],
        rivals: ThreadPoolExecutor,
    ) -> None:
        self.intents: list[Intent] = []
        self._name = name
        self._chance = random.Random(f"{seed}/{name}")
        self._caller = caller
        self._sessions = sessions
        self._streams = streams
        self._rivals = rivals
        self._markers = itertools.count(1)

    def run(self, stopping: threading.Event) -> None:
        """Write one task after the other. Runs on a thread of its own."""
        try:
            worker = insist(make_worker, LIFE_SECONDS)
            while not stopping.is_set():
                self._write_task(worker)
        finally:
            connections.close_all()

    def _write_task(self, worker: Worker) -> None:
        self._work_on(insist(self._submit, self._chance.choice([None, *self._sessions])), worker)

    def _work_on(self, task: Task, worker: Worker) -> None:
        claim = self._claim(task, worker)
        if claim is None:
            return  # a real worker's sweep was faster: the task is one like any other
        self._streams.append(self._stream(task))
        numbers, text_numbers = itertools.count(1), itertools.count(1)
        for _ in range(self._chance.randrange(5, self.most_writes)):
            match self._chance.choices(list(WAYS), list(WAYS.values()))[0]:
                case "rolled back":
                    self._roll_back(Write(claim, next(numbers)))
                case "text":
                    self._write_texts(claim, text_numbers)
                case "stale":
                    old, claim = claim, self._lose_and_claim_again(task, claim, worker)
                    if claim is None:
                        return
                    numbers, text_numbers = itertools.count(1), itertools.count(1)
                    self._write_stale(Write(old, 2**40))
                case how:
                    self._tell(Write(claim, next(numbers)), how)
            time.sleep(self._chance.uniform(0.02, 0.15))
        self._end(task, Write(claim, next(numbers)))

    def _submit(self, session: ClientSession | None) -> Task:
        return make_task(self._caller, self._marker(), session=session, timeout_seconds=LIFE_SECONDS)

    def _stream(self, task: Task) -> Stream:
        return Stream("task", str(task.pk), native=self._chance.random() < 0.7)

    def _result(self, task: Task) -> dict[str, Any]:
        return {"goal": task.goal, "workflow_graph": {}, "message": ""}

    def _claim(self, task: Task, worker: Worker) -> Claim | None:
        insist(services.claim, task.pk, worker.pk)
        # The claim's COMMIT may have gone unanswered, so ask the rows whose it is.
        held = insist(_token_under, task, worker)
        return None if held is None else Claim(task.pk, worker.pk, held)

    def _tell(self, write: Write, how: str) -> None:
        marker = self._marker()
        delay = self._chance.uniform(0.0, LONGEST_COMMIT_SECONDS) if how == "slow" else 0.0
        for _ in range(2 if how == "repeated" else 1):
            insist(_append, write, self.event, marker, delay)
        self._note(write.claim, marker, "written")

    def _roll_back(self, write: Write) -> None:
        marker = self._marker()
        self._note(write.claim, marker, "rolled back")
        with suppress(Undone):
            insist(_append, write, self.event, marker, self._chance.uniform(0.0, LONGEST_COMMIT_SECONDS), undo=True)

    def _write_texts(self, claim: Claim, numbers: "itertools.count[int]") -> None:
        markers = [self._marker() for _ in range(self._chance.randrange(1, 6))]
        about = {"call": "plan/1", "stage": "plan", "node": None, "text": "words "}
        pieces = [TextPiece(Write(claim, next(numbers)), {**about, "marker": marker}) for marker in markers]
        assert not insist(services.append_texts, pieces)
        for marker in markers:
            self._note(claim, marker, "written")

    def _lose_and_claim_again(self, task: Task, claim: Claim, worker: Worker) -> Claim | None:
        insist(services.requeue, task.pk, reason="its worker was lost", claim_token=claim.token)
        return self._claim(task, worker)

    def _write_stale(self, write: Write) -> None:
        marker = self._marker()
        self._note(write.claim, marker, "refused")
        with suppress(StaleClaim):
            insist(_append, write, self.event, marker, 0.0)

    def _end(self, task: Task, write: Write) -> None:
        """Complete it, while somebody else may be cancelling it."""
        rival = None
        if self._chance.random() < 0.4:
            rival = self._rivals.submit(insist, services.cancel_quietly, task, reason="a rival was faster")
        # Stale: the rival was faster, or our own COMMIT went unanswered. The rows say which.
        with suppress(StaleClaim):
            insist(services.complete, task, self._result(task), write)
        if rival:
            rival.result()

    def _marker(self) -> str:
        return f"{self._name}/{next(self._markers)}"

    def _note(self, claim: Claim, marker: str, outcome: Outcome) -> None:
        self.intents.append(Intent(str(claim.task_id), marker, outcome))


class Undone(Exception):
    """Undoes a transaction on purpose."""


def insist(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Until the database answers, as workers do."""
    while True:
        try:
            return function(*args, **kwargs)
        except (OperationalError, InterfaceError):
            connections.close_all()
            time.sleep(0.1)


def _append(write: Write, event: Told, marker: str, delay: float, *, undo: bool = False) -> None:
    """One numbered write; with a delay, or to be undone, in a transaction of its own."""
    kind, data = event[0], {**event[1], "marker": marker}
    if not delay and not undo:
        services.append(write.claim.task_id, kind, data, write=write)
        return
    with transaction.atomic():
        services.append(write.claim.task_id, kind, data, write=write)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [delay])
        if undo:
            raise Undone


def _token_under(task: Task, worker: Worker) -> int | None:
    return Task.objects.filter(pk=task.pk, worker=worker).values_list("claim_token", flat=True).first()
