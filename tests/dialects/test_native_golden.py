"""The native API, as recorded."""

from tests.dialects.transcripts import Transcript
from tests.http.asking import generation, wait_for_event, wait_for_status
from workflows.events import Kind
from workflows.models import Status

GOAL = "Translate the manual"


def test_a_task(transcript: Transcript) -> None:
    body = {**generation(GOAL), "colour": "red", "llm_config": {"model": "demo", "sharpness": 3}}
    started = transcript.ask("POST", "/stream/workflow/generate", body)
    path = f"/api/v1/tasks/{started.json()['task_id']}"
    wait_for_status(started.json()["task_id"], Status.COMPLETED)
    transcript.ask("GET", path)
    transcript.ask("GET", f"{path}/events?limit=3")
    transcript.ask("GET", f"{path}/events?after=1&limit=1")
    transcript.ask("GET", f"{path}/events/stream")
    transcript.ask("GET", f"{path}/events/stream?types=task.*")
    transcript.ask("GET", f"{path}/events/stream?last_event_id=latest")
    transcript.ask("POST", f"{path}/cancel")
    transcript.ask("GET", "/api/v1/tasks")
    transcript.assert_golden("native_task")


def test_cancel_and_rerun(transcript: Transcript) -> None:
    started = transcript.ask("POST", "/stream/workflow/generate", generation(GOAL, model="demo-hang")).json()
    path = f"/api/v1/tasks/{started['task_id']}"
    wait_for_event(started["task_id"], Kind.MODEL_STARTED)
    transcript.ask("POST", f"{path}/rerun")
    transcript.ask("POST", f"{path}/cancel", {"why": "nobody reads this"})
    failed = transcript.ask("POST", "/stream/workflow/generate", generation(GOAL, model="demo-401")).json()
    wait_for_status(failed["task_id"], Status.FAILED)
    transcript.ask("GET", f"/api/v1/tasks/{failed['task_id']}")
    transcript.ask("GET", f"/api/v1/tasks/{failed['task_id']}/events")
    transcript.ask("GET", "/api/v1/tasks?status=failed&status=queued")
    transcript.assert_golden("native_cancel_and_rerun")


def test_refusals(transcript: Transcript) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    transcript.name(unknown, "unknown")
    transcript.ask("GET", f"/api/v1/tasks/{unknown}")
    transcript.ask("GET", f"/api/v1/tasks/{unknown}/events/stream")
    transcript.ask("POST", f"/api/v1/tasks/{unknown}/rerun")
    transcript.ask("GET", "/api/v1/tasks?status=done&page_size=0&session_id=mine")
    transcript.ask("GET", "/api/v1/tasks?cursor=mine")
    transcript.ask("DELETE", f"/api/v1/tasks/{unknown}")
    transcript.assert_golden("native_refusals")
