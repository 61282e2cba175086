"""The workflows API, as recorded: the document's walk-through, a failure and a retry, refusals."""

from tests.dialects.transcripts import Transcript
from tests.http.asking import wait_for_status
from workflows.models import Status

WORKFLOWS = "/api/v1/workflows"
RESEARCH = {
    "name": "Research AI",
    "tasks": [
        {"name": "plan"},
        {"name": "research_diagnostics", "description": "Research AI diagnostics", "depends_on": ["plan"]},
    ],
    "config": {"breadth": 2, "depth": 1},
}


def test_the_documents_walk(transcript: Transcript) -> None:
    id = transcript.ask("POST", f"{WORKFLOWS}/", RESEARCH).json()["id"]
    path = f"{WORKFLOWS}/{id}"
    transcript.name(id, "workflow")
    started = transcript.ask("POST", f"{path}/execute?stream=true")
    wait_for_status(started.headers["X-Task-Id"], Status.COMPLETED)
    # Findings come as the model is read, piece by piece, so that how many there are is a matter of timing.
    stream = f"{path}/stream?types=workflow_*,iteration_*,task_started,task_completed"
    transcript.ask("GET", stream)
    transcript.ask("GET", stream, headers={"Last-Event-ID": "7-7"})
    transcript.ask("GET", f"{path}/stream?last_event_id=latest")
    transcript.ask("GET", f"{path}/events?limit=2")
    transcript.ask("GET", f"{path}")
    transcript.ask("GET", f"{path}/graph")
    transcript.ask("GET", f"{path}/mermaid")
    transcript.ask("PATCH", path, {"name": "Research AI again"})
    transcript.ask("GET", f"{path}/versions")
    transcript.ask("GET", f"{path}/versions/1")
    transcript.ask("GET", f"{path}/runs")
    transcript.ask("GET", WORKFLOWS)
    transcript.ask("DELETE", path)
    transcript.ask("GET", path)
    transcript.assert_golden("workflows_walk")


def test_a_failure_and_a_retry(transcript: Transcript) -> None:
    id = transcript.ask("POST", f"{WORKFLOWS}/", RESEARCH).json()["id"]
    path = f"{WORKFLOWS}/{id}"
    transcript.name(id, "workflow")
    started = transcript.ask("POST", f"{path}/execute", {"llm_config": {"model": "demo-401"}})
    wait_for_status(started.headers["X-Task-Id"], Status.FAILED)
    transcript.ask("GET", f"{path}/stream?types=workflow_*,task_*")
    transcript.ask("GET", path)
    retried = transcript.ask("POST", f"{path}/retry")
    wait_for_status(retried.headers["X-Task-Id"], Status.FAILED)
    transcript.ask("POST", f"{path}/cancel")
    transcript.ask("POST", f"{path}/resume")
    transcript.assert_golden("workflows_failed")


def test_refusals(transcript: Transcript) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    transcript.name(unknown, "unknown")
    circle = [
        {"name": "a", "depends_on": ["c"]},
        {"name": "b", "depends_on": ["a"]},
        {"name": "c", "depends_on": ["b"]},
    ]
    for body in (
        {},
        {"name": "x", "tasks": circle},
        {"name": "x", "tasks": [{"name": "a", "depends_on": ["z"]}, {"name": "a"}, {"name": "b", "tools": ["web"]}]},
        {"name": "x", "tasks": [{"name": "my task", "timeout_seconds": 0, "retries": 11}], "config": {"depth": 0}},
        {"name": "x", "tasks": [], "config": {"breadth": 21, "depth": 21}},
        {"name": "x", "workflow_graph": {"nodes": []}},
    ):
        transcript.ask("POST", f"{WORKFLOWS}/", body)
    transcript.ask("GET", f"{WORKFLOWS}/{unknown}")
    transcript.ask("GET", f"{WORKFLOWS}/{unknown}/stream/")
    transcript.ask("POST", f"{WORKFLOWS}/{unknown}/execute/?stream=maybe")
    transcript.assert_golden("workflows_refusals")
