"""From the commit of an event to the client that reads its stream."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.cores import Cores
from benchmarks.figures import Effort, Figure, Figures, Round, percentile
from benchmarks.product import make_claims, stream_of
from benchmarks.readers import Readers
from benchmarks.server_side import web, writer
from benchmarks.writing import Commits, Plan, write_batched, write_singly

STEPS_RATE, STEPS_TASKS = 200, 10
TEXTS_RATE, TEXTS_TASKS = 2000, 100
PATIENCE_SECONDS = 20.0


class _Figures(NamedTuple):
    commit_p50: Figure
    commit_p99: Figure
    due_p50: Figure
    due_p99: Figure


STEPS = _Figures(
    Figure("200 events/s, one by one: commit → client, p50", "ms", at_most=2),
    Figure("200 events/s, one by one: commit → client, p99", "ms", at_most=10),
    Figure("200 events/s, one by one: due → client, p50", "ms"),
    Figure("200 events/s, one by one: due → client, p99", "ms"),
)
TEXTS = _Figures(
    Figure("2,000 events/s, in batches: commit → client, p50", "ms"),
    Figure("2,000 events/s, in batches: commit → client, p99", "ms"),
    Figure("2,000 events/s, in batches: due → client, p50", "ms"),
    Figure("2,000 events/s, in batches: due → client, p99", "ms"),
)


@contextmanager
def latency(effort: Effort, cores: Cores) -> Iterator[Round]:
    """Ten tasks that take steps, then a hundred tasks whose models stream text; each with one client."""
    seconds = effort.seconds
    with web(cores.server) as (_, port), writer(cores.server) as process:
        steps, texts = make_claims(STEPS_TASKS), make_claims(TEXTS_TASKS)
        paths = [stream_of(claim) for claim in (*steps, *texts)]
        with Readers(port, paths, sampled=len(paths)) as readers:

            def measure() -> Figures:
                commits = process.submit(write_singly, Plan(steps, STEPS_RATE, seconds))
                figures = _figures(STEPS, *_read(readers, seconds, commits))
                commits = process.submit(write_batched, Plan(texts, TEXTS_RATE, seconds))
                return {**figures, **_figures(TEXTS, *_read(readers, seconds, commits))}

            yield measure


def _read(readers: Readers, seconds: float, commits: Future[Commits]) -> tuple[list[float], list[float]]:
    """Milliseconds from commit to client and from due to client, of each event."""
    readers.read_for(seconds)
    committed = commits.result()
    readers.read_on(len(committed), seconds=PATIENCE_SECONDS)
    if len(readers.samples) != len(committed):
        raise RuntimeError(f"{len(committed)} events were committed and {len(readers.samples)} were received")
    return [(received - committed[at]) * 1000 for at, received in readers.samples], readers.delays()


def _figures(figures: _Figures, since_commit: list[float], since_due: list[float]) -> Figures:
    return {
        figures.commit_p50: percentile(since_commit, 0.5),
        figures.commit_p99: percentile(since_commit, 0.99),
        figures.due_p50: percentile(since_due, 0.5),
        figures.due_p99: percentile(since_due, 0.99),
    }
