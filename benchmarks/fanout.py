"""One stream with a thousand clients: ours, and two servers beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from benchmarks.cores import Cores
from benchmarks.figures import Effort, Figure, Figures, Round, percentile
from benchmarks.product import make_claims, stream_of
from benchmarks.readers import Readers
from benchmarks.server_side import rival, web, writer
from benchmarks.writing import Plan, write_singly

RATE = 200
WARM_SECONDS = 1.0
SAMPLED = 10

RIVALS = {"polling": "polling model", "queues": "FastAPI + sse-starlette"}


@contextmanager
def fanout(effort: Effort, cores: Cores) -> Iterator[Round]:
    """Each round starts all three servers anew, since the rivals' backlog grows for as long as they are asked."""

    def measure() -> Figures:
        ours = _of_ours(effort, cores)
        figures = _figures("ours", *ours)
        for name, title in RIVALS.items():
            theirs = _of_rival(name, effort, cores)
            figures |= _figures(title, *theirs)
            figures[Figure(f"frames/s, ours to {title}", "×", at_least=5)] = ours[0] / theirs[0]
        return figures

    yield measure


def _of_ours(effort: Effort, cores: Cores) -> tuple[float, float, float]:
    """Events through the database and Redis, by a process that shares the server's core."""
    [claim] = make_claims(1)
    with (
        web(cores.server) as (_, port),
        writer(cores.server) as process,
        Readers(port, [stream_of(claim)] * effort.clients, sampled=SAMPLED) as readers,
    ):
        written = process.submit(write_singly, Plan([claim], RATE, WARM_SECONDS + effort.seconds))
        measured = _read(readers, effort.seconds)
        written.result()
        return measured


def _of_rival(name: str, effort: Effort, cores: Cores) -> tuple[float, float, float]:
    """Events made in the server's own process and memory."""
    with (
        rival(cores.server, name) as port,
        Readers(port, ["/stream"] * effort.clients, sampled=SAMPLED) as readers,
    ):
        _publish(port, WARM_SECONDS + effort.seconds)
        return _read(readers, effort.seconds)


def _read(readers: Readers, seconds: float) -> tuple[float, float, float]:
    """Frames a second, the p99 of due → client in milliseconds, and the load generator's use of its core."""
    readers.read_for(WARM_SECONDS)
    rate = readers.read_for(seconds)
    return rate, percentile(readers.delays(), 0.99), readers.busy


def _publish(port: int, seconds: float) -> None:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("POST", f"/publish?rate={RATE}&seconds={seconds}")
    if connection.getresponse().status != 200:
        raise ConnectionError("the rival does not publish")
    connection.close()


def _figures(title: str, rate: float, p99: float, busy: float) -> dict[Figure, float]:
    return {
        Figure(f"{title}: received", "frames/s"): rate,
        Figure(f"{title}: due → client, p99", "ms"): p99,
        Figure(f"{title}: load generator's core in use", "%"): busy * 100,
    }
