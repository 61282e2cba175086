"""Writing events at a rate, through the services, as a worker does. Runs in the process that `writer` gives."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from unittest.mock import patch

import benchmarks.product  # noqa: F401 - sets Django up
from benchmarks import payload
from workflows import services
from workflows.events import Kind
from workflows.models import EventRow
from workflows.services import Claim, TextPiece, Write

append_module = import_module("workflows.services.append")

Commits = dict[str, float]
"""When each event was committed, by its stamp."""


@dataclass(frozen=True)
class Plan:
    """Events for these tasks in turn, at a rate per second, for so many seconds."""

    claims: Sequence[Claim]
    rate: float
    seconds: float


def write_singly(plan: Plan) -> Commits:
    """Each event by a transaction of its own, as an agent's steps are written."""
    with _commits() as commits:
        for claim, due in _schedule(plan):
            _sleep_until(due)
            tell(claim, due)
    return commits


def write_batched(plan: Plan) -> Commits:
    """What is due when the database is free as one batch, as streamed text is written."""
    with _commits() as commits:
        waiting: list[TextPiece] = []
        for claim, due in _schedule(plan):
            if due > time.time():
                services.append_texts(waiting)
                waiting = []
                _sleep_until(due)
            waiting.append(text_piece(claim, due))
        services.append_texts(waiting)
    return commits


def tell(claim: Claim, due: float) -> None:
    """One event that moves its task's progress."""
    number = next_number()
    data = payload.progress(due)
    services.append(
        claim.task_id,
        Kind.TASK_PROGRESS,
        data,
        write=Write(claim, number),
        key=f"{Kind.TASK_PROGRESS}:{number}",
        changes={"progress": data["progress"], "current_state": data["current_state"]},
    )


def text_piece(claim: Claim, due: float) -> TextPiece:
    return TextPiece(Write(claim, next_number()), payload.text(due))


def next_number() -> int:
    """Higher than any before, in whatever process."""
    return time.time_ns()


def _schedule(plan: Plan) -> Iterator[tuple[Claim, float]]:
    """Who is next, and when it is due. What is late stays due when it was, so that delays count; it ends in time."""
    start = time.time()
    for number in range(int(plan.rate * plan.seconds)):
        if time.time() > start + plan.seconds:
            return
        yield plan.claims[number % len(plan.claims)], start + number / plan.rate


@contextmanager
def _commits() -> Iterator[Commits]:
    """Note the time of each commit: it is when the events are announced, and before anybody can have heard."""
    commits: Commits = {}
    announce = append_module.announce

    def note(events: Sequence[EventRow]) -> None:
        now = time.time()
        commits.update({event.data["at"]: now for event in events})
        announce(events)

    with patch.object(append_module, "announce", note):
        yield commits


def _sleep_until(due: float) -> None:
    if (left := due - time.time()) > 0:
        time.sleep(left)
