"""`/metrics`, in Prometheus' text format.

Streams are this web process's own: scrape each one. What workers did stands in their rows, and the rest is asked of
the rows in three bounded queries, so that a scrape costs the same whatever the tables hold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, product
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from evoserver.inquiry import Inquiry
from evoserver.operators import for_operators
from workflows.database import DatabaseThreads
from workflows.description.describe import describe
from workflows.measures import MEASURES
from workflows.models import TRANSITIONS, Delivery, Job, Status, Task, Worker
from workflows.models.webhook import OPEN

SHOWN_AFTER_END = timedelta(minutes=10)
"""A worker that stopped is shown for so long, or what it did last would never be scraped."""
MOST_WORKERS = 200
WEB = "web"


@dataclass(frozen=True)
class Rows:
    """What the rows say at one moment."""

    workers: Mapping[str, Mapping[str, Any]]
    """Their measures, by `host:pid`."""
    fresh_leases: int
    unfinished: Mapping[tuple[str, str], int]
    """By job and status."""
    oldest_queued_seconds: float
    oldest_undelivered_seconds: float


@describe(
    "Numbers for Prometheus",
    answers={(200, CONTENT_TYPE_LATEST.split(";")[0]): OpenApiTypes.STR},
    errors=(401, 403),
)
@for_operators
async def metrics(request: HttpRequest) -> HttpResponse:
    """`GET /metrics`. While the database is away it tells what this process knows by itself."""
    try:
        rows = await _rows.answer()
    except (DatabaseError, InterfaceError, TimeoutError):
        rows = None
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(_Snapshot(rows))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Snapshot(Collector):
    def __init__(self, rows: Rows | None) -> None:
        self._rows = rows

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "evoserver_database_up", "Whether the database answered this scrape.", int(self._rows is not None)
        )
        yield from _streams()
        if self._rows:
            yield from _tasks(self._rows)
        yield from _work({WEB: MEASURES.to_json(), **(self._rows.workers if self._rows else {})})


def _streams() -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "evoserver_open_streams",
        "Readers of this process, callers that wait for an end included.",
        MEASURES.open_streams,
    )
    yield GaugeMetricFamily("evoserver_websockets", "WebSockets of this process.", MEASURES.websockets)
    yield CounterMetricFamily("evoserver_frames", "Frames handed to readers.", MEASURES.frames)
    delivery = HistogramMetricFamily(
        "evoserver_delivery_seconds",
        "From the writing of an event until its frame is handed to the readers.",
        labels=[],
    )
    _add(delivery, [], MEASURES.delivery.to_json())
    yield delivery


def _tasks(rows: Rows) -> Iterator[Metric]:
    tasks = GaugeMetricFamily(
        "evoserver_tasks", "Tasks that have not ended, by job and status.", labels=["job", "status"]
    )
    for (job, status), number in rows.unfinished.items():
        tasks.add_metric([job, status], number)
    yield tasks
    yield GaugeMetricFamily(
        "evoserver_oldest_queued_seconds", "How long the oldest queued task has waited.", rows.oldest_queued_seconds
    )
    yield GaugeMetricFamily(
        "evoserver_oldest_undelivered_seconds",
        "How long the oldest event that a webhook's receiver does not take has waited.",
        rows.oldest_undelivered_seconds,
    )
    yield GaugeMetricFamily("evoserver_workers", "Workers with a fresh lease.", rows.fresh_leases)


def _work(processes: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    """What is counted where it is done: by web processes and by workers."""
    append = HistogramMetricFamily(
        "evoserver_append_seconds", "The writing of one event, or of one batch of text.", labels=["process"]
    )
    wait = HistogramMetricFamily(
        "evoserver_queue_wait_seconds", "From a task's acceptance until a worker first took it.", labels=["process"]
    )
    ended = CounterMetricFamily("evoserver_tasks_ended", "Tasks that ended, by status.", labels=["process", "status"])
    calls = CounterMetricFamily("evoserver_model_calls", "Calls of a model that were answered.", labels=["process"])
    unpriced = CounterMetricFamily(
        "evoserver_unpriced_model_calls", "Of these, the ones whose price is not known.", labels=["process"]
    )
    tokens = CounterMetricFamily("evoserver_tokens", "Tokens of these calls.", labels=["process", "kind"])
    cost = CounterMetricFamily("evoserver_cost_usd", "Their price, as far as it is known.", labels=["process"])
    deliveries = CounterMetricFamily(
        "evoserver_webhook_deliveries", "Attempts of webhooks, by outcome.", labels=["process", "outcome"]
    )
    for process, measures in processes.items():
        _add(append, [process], measures["append"])
        _add(wait, [process], measures["queue_wait"])
        for kind, number in measures["ended"].items():
            ended.add_metric([process, TRANSITIONS[kind].target], number)
        # A worker of the version before has none, while the new one is rolled out.
        for outcome, number in measures.get("deliveries", {}).items():
            deliveries.add_metric([process, outcome], number)
        totals = measures["totals"]
        calls.add_metric([process], totals.get("model_calls", 0))
        unpriced.add_metric([process], totals.get("unpriced_calls", 0))
        tokens.add_metric([process, "prompt"], totals.get("prompt_tokens", 0))
        tokens.add_metric([process, "completion"], totals.get("completion_tokens", 0))
        cost.add_metric([process], totals.get("cost_usd", 0))
    yield from (append, wait, ended, calls, unpriced, tokens, cost, deliveries)


def _add(family: HistogramMetricFamily, labels: list[str], histogram: Mapping[str, Any]) -> None:
    bounds = [*map(str, histogram["bounds"]), "+Inf"]
    family.add_metric(labels, list(zip(bounds, accumulate(histogram["counts"]), strict=True)), histogram["sum"])


async def _ask_rows() -> Rows:
    return await _threads.run(_read_rows)


def _read_rows() -> Rows:
    now = timezone.now()
    try:
        shown = Worker.objects.filter(lease_until__gt=now - SHOWN_AFTER_END).order_by("-lease_until")
        workers = list(shown[:MOST_WORKERS])
        unfinished = Task.objects.unfinished().values("job", "status").annotate(n=Count("pk"), oldest=Min("created_at"))
        counted = {(row["job"], row["status"]): row for row in unfinished}
        failing = Delivery.objects.filter(OPEN, first_failed_at__isnull=False).aggregate(first=Min("first_failed_at"))
    finally:
        connection.close()
    queued = min((row["oldest"] for (_, status), row in counted.items() if status == Status.QUEUED), default=now)
    return Rows(
        workers={str(worker): worker.measures for worker in workers if worker.measures},
        fresh_leases=sum(worker.lease_until > now for worker in workers),
        unfinished={
            (job, status): counted[job, status]["n"] if (job, status) in counted else 0
            for job, status in product(Job.values, (Status.QUEUED, Status.RUNNING, Status.WAITING))
        },
        oldest_queued_seconds=(now - queued).total_seconds(),
        oldest_undelivered_seconds=(now - failing["first"]).total_seconds() if failing["first"] else 0.0,
    )


_threads = DatabaseThreads(1, "metrics")
_rows = Inquiry(_ask_rows)
