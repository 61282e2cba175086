"""`/metrics`: readable by Prometheus' own parser, and true."""

from contextlib import closing
from itertools import product

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from sessions.callers import Caller
from tests.factories import make_running, make_task, make_worker
from tests.http.asking import generation, unique_goal, wait_for_status
from tests.stack import wait_for
from workflows import services
from workflows.events import Kind
from workflows.exceptions import TaskError
from workflows.measures import LONG, MEASURES, SHORT, Histogram
from workflows.models import Job, Status

NAMES = {
    "evoserver_database_up", "evoserver_open_streams", "evoserver_frames", "evoserver_delivery_seconds",
    "evoserver_append_seconds", "evoserver_queue_wait_seconds", "evoserver_tasks", "evoserver_tasks_ended",
    "evoserver_oldest_queued_seconds", "evoserver_workers", "evoserver_model_calls", "evoserver_unpriced_model_calls",
    "evoserver_tokens", "evoserver_webhook_deliveries", "evoserver_oldest_undelivered_seconds",
    "evoserver_cost_usd", "evoserver_websockets", "process_open_fds",
}  # fmt: skip


def read(url: str) -> dict[str, float]:
    """Values by metric, summed over their labels but for a histogram's bounds."""
    answer = requests.get(f"{url}/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    values: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if not sample.name.endswith("_bucket"):
                values[sample.name] = values.get(sample.name, 0.0) + sample.value
    return values


def test_everything_promised_is_there(url: str) -> None:
    families = list(text_string_to_metric_families(requests.get(f"{url}/metrics").text))
    assert {family.name for family in families} >= NAMES
    for family in families:
        assert family.documentation, family.name


def test_a_run_shows_in_them(url: str) -> None:
    before = read(url)
    started = requests.post(f"{url}/stream/workflow/generate", json=generation(unique_goal("Be counted"))).json()
    frames = requests.get(url + started["stream_url"], timeout=60).text.count("\nid: ")
    wait_for_status(started["task_id"], Status.COMPLETED)

    def grown() -> bool:
        # A worker's measures come with its next beat.
        now = read(url)
        return (
            now["evoserver_model_calls_total"] > before.get("evoserver_model_calls_total", 0)
            and now["evoserver_tokens_total"] > before.get("evoserver_tokens_total", 0)
            and now["evoserver_tasks_ended_total"] > before.get("evoserver_tasks_ended_total", 0)
            and now["evoserver_queue_wait_seconds_count"] > before.get("evoserver_queue_wait_seconds_count", 0)
            and now["evoserver_append_seconds_count"] > before["evoserver_append_seconds_count"]
        )

    wait_for(grown, "the run shows in the metrics")
    assert read(url)["evoserver_frames_total"] - before["evoserver_frames_total"] >= frames > 0


def test_open_streams_are_counted_and_given_back(url: str, caller: Caller) -> None:
    session = services.open_session(caller)
    before = read(url)["evoserver_open_streams"]
    with closing(requests.get(f"{url}/stream/client/{session.pk}", stream=True)) as stream:
        received = stream.iter_content(1)
        next(received)
        assert read(url)["evoserver_open_streams"] == before + 1
        delivered = read(url)["evoserver_delivery_seconds_count"]
        make_task(caller, session=session)
        wait_for(lambda: read(url)["evoserver_delivery_seconds_count"] > delivered, "the event was delivered")
    wait_for(lambda: read(url)["evoserver_open_streams"] == before, "the stream is closed")
    services.close_session(session)


def test_unfinished_tasks_are_told_by_job_and_status(url: str, caller: Caller) -> None:
    task, _ = make_running(caller, make_worker(), job=Job.ASK)
    values = {
        (sample.labels["job"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(requests.get(f"{url}/metrics").text)
        if family.name == "evoserver_tasks"
        for sample in family.samples
    }
    assert set(values) == {*product(Job.values, ("queued", "running", "waiting"))}
    assert values[Job.ASK, "running"] >= 1
    services.cancel(task, reason="test")


def test_what_is_written_is_counted_where_it_is_written(caller: Caller) -> None:
    before = MEASURES.to_json()
    task, claim = make_running(caller, make_worker())
    services.append(
        task.pk,
        Kind.MODEL_COMPLETED,
        {},
        write=services.Write(claim, 1),
        changes={"model_calls": 1, "prompt_tokens": 7, "completion_tokens": 5, "cost_usd": 0.25, "unpriced_calls": 0},
    )
    services.fail(task, TaskError("test"), services.Write(claim, 2))
    after = MEASURES.to_json()
    assert after["totals"]["prompt_tokens"] - before["totals"].get("prompt_tokens", 0) == 7
    assert after["totals"]["cost_usd"] - before["totals"].get("cost_usd", 0) == pytest.approx(0.25)
    assert after["ended"]["task.failed"] - before["ended"].get("task.failed", 0) == 1
    assert sum(after["append"]["counts"]) - sum(before["append"]["counts"]) == 4
    assert sum(after["queue_wait"]["counts"]) - sum(before["queue_wait"]["counts"]) == 1


@pytest.mark.parametrize("bounds", [SHORT, LONG])
def test_a_duration_falls_under_its_bound(bounds: tuple[float, ...]) -> None:
    histogram = Histogram(bounds)
    for seconds in (0.0, bounds[0], bounds[0] * 1.001, bounds[-1] + 1):
        histogram.observe(seconds)
    assert histogram.counts[0] == 2
    assert histogram.counts[1] == 1
    assert histogram.counts[-1] == 1
    assert histogram.sum == pytest.approx(bounds[0] * 2.001 + bounds[-1] + 1)
