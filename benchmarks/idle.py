"""What an open stream costs while nothing happens on it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psutil

from benchmarks.cores import Cores
from benchmarks.figures import Effort, Figure, Figures, Round
from benchmarks.product import database_port, make_claims, stream_of
from benchmarks.readers import Readers
from benchmarks.server_side import web

WARM = 50
"""Streams that are open already when counting begins, so that what a process makes once is not counted."""
SETTLE_SECONDS = 2.0

KILOBYTES = Figure("memory of a stream", "KB", at_most=25)
MEMORY = Figure("memory of the web process with all streams", "MB")
THREADS = Figure("threads of the web process with all streams")
THREADS_BEFORE = Figure(f"threads of the web process with {WARM} streams")
CONNECTIONS = Figure("database connections of the web process with all streams")
CONNECTIONS_BEFORE = Figure(f"database connections of the web process with {WARM} streams")


class Footprint(NamedTuple):
    memory: int
    threads: int
    connections: int


@contextmanager
def idle(effort: Effort, cores: Cores) -> Iterator[Round]:
    """Each stream is another task's, so that each costs all that a stream can; a round is a process anew."""
    paths = [stream_of(claim) for claim in make_claims(WARM + effort.clients)]

    def measure() -> Figures:
        with web(cores.server) as (pid, port), Readers(port, paths[:WARM], sampled=0):
            before = _footprint(pid)
            with Readers(port, paths[WARM:], sampled=0):
                after = _footprint(pid)
        return {
            KILOBYTES: (after.memory - before.memory) / 1024 / effort.clients,
            MEMORY: after.memory / 1024**2,
            THREADS: after.threads,
            THREADS_BEFORE: before.threads,
            CONNECTIONS: after.connections,
            CONNECTIONS_BEFORE: before.connections,
        }

    yield measure


def _footprint(pid: int) -> Footprint:
    time.sleep(SETTLE_SECONDS)
    process = psutil.Process(pid)
    port = database_port()
    connections = [place for place in process.net_connections("tcp") if place.raddr and place.raddr.port == port]
    return Footprint(process.memory_info().rss, process.num_threads(), len(connections))
