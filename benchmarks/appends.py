"""How many events a second one process can write, durably, to one task: ours, and what the ORM's usual way gives."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction

from benchmarks import payload
from benchmarks.cores import Cores
from benchmarks.figures import Effort, Figure, Figures, Round
from benchmarks.product import make_claims
from benchmarks.server_side import writer
from benchmarks.writing import next_number, tell, text_piece
from workflows import services
from workflows.events import Kind
from workflows.models import Event, EventRow, Task
from workflows.services import Claim
from workflows.services.announce import announce

BATCH = 100
TASKS = 10

SINGLE = Figure("append, one by one", "events/s")
ORM = Figure("the ORM's lock, save, insert", "events/s")
RATIO = Figure("append to the ORM", "×", at_least=5)
BATCHED = Figure(f"append_texts, {BATCH} pieces of {TASKS} tasks at a time", "events/s")


@contextmanager
def appends(effort: Effort, cores: Cores) -> Iterator[Round]:
    claims = make_claims(TASKS)
    with writer(cores.server) as process:

        def measure() -> Figures:
            single, orm, batched = (
                process.submit(how, claims, effort.seconds / 2).result()
                for how in (append_singly, append_by_orm, append_batches)
            )
            return {SINGLE: single, ORM: orm, RATIO: single / orm, BATCHED: batched}

        yield measure


def append_singly(claims: Sequence[Claim], seconds: float) -> float:
    return _rate(lambda: tell(claims[0], time.time()), seconds)


def append_batches(claims: Sequence[Claim], seconds: float) -> float:
    pieces = [claims[number % len(claims)] for number in range(BATCH)]
    return BATCH * _rate(lambda: services.append_texts([text_piece(claim, time.time()) for claim in pieces]), seconds)


def append_by_orm(claims: Sequence[Claim], seconds: float) -> float:
    return _rate(lambda: _save_and_insert(claims[0]), seconds)


@transaction.atomic
def _save_and_insert(claim: Claim) -> None:
    """The same write as `append` makes of `tell`, with the same announcement."""
    data = payload.progress(time.time())
    number = next_number()
    task = Task.objects.select_for_update().get(pk=claim.task_id)
    assert task.claim_token == claim.token
    assert task.write_no < number
    task.last_seq += 1
    task.write_no = number
    task.progress = max(task.progress, data["progress"])
    task.current_state = data["current_state"]
    task.save(update_fields=["last_seq", "write_no", "progress", "current_state"])
    kind = Kind.TASK_PROGRESS
    event = Event.objects.create(task=task, seq=task.last_seq, key=f"{kind}:{number}", kind=kind, data=data)
    row = EventRow(task.pk, event.seq, None, None, kind, data, event.created_at)
    transaction.on_commit(lambda: announce([row]))


def _rate(write: Callable[[], object], seconds: float) -> float:
    """How many times a second, one after the other."""
    started = time.monotonic()
    times = 0
    while (took := time.monotonic() - started) < seconds:
        write()
        times += 1
    return times / took
