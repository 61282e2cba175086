"""Contract 1, as recorded: every route, its answers and its frames."""

import requests

from tests.dialects.transcripts import Transcript
from tests.http.asking import generation, wait_for_event, wait_for_status
from workflows.events import Kind
from workflows.models import Status

GOAL = "Translate the manual"
DOCUMENT = {
    "goal": GOAL,
    "llm_config": {
        "llm_type": "OpenAILLM",
        "model": "gpt-4o-mini",
        "openai_key": "your_key_here",
        "stream": True,
        "output_response": True,
        "max_tokens": 8000,
    },
    "mcp_config": {},
    "timeout": 60,
}


def test_health(transcript: Transcript) -> None:
    transcript.ask("GET", "/health")
    transcript.assert_golden("health")


def test_the_blocking_call(transcript: Transcript) -> None:
    transcript.ask("POST", "/workflow/generate", DOCUMENT)
    transcript.ask("POST", "/workflow/generate", generation(GOAL, model="demo-401"))
    transcript.assert_golden("evoagentx_blocking")


def test_a_tasks_stream(transcript: Transcript) -> None:
    started = transcript.ask("POST", "/stream/workflow/generate", DOCUMENT).json()
    stream = transcript.ask("GET", started["stream_url"])
    end = _last_id(stream)
    transcript.ask("GET", started["stream_url"] + "?last_event_id=" + str(end - 1))
    transcript.ask("GET", started["stream_url"] + "?last_event_id=latest")
    transcript.ask("GET", started["stream_url"] + "?types=complete")
    transcript.assert_golden("evoagentx_task_stream")


def test_the_stream_of_a_task_that_fails(transcript: Transcript) -> None:
    started = transcript.ask("POST", "/stream/workflow/generate", generation(GOAL, model="demo-401")).json()
    transcript.ask("GET", started["stream_url"])
    transcript.assert_golden("evoagentx_task_stream_failed")


def test_a_reset(transcript: Transcript) -> None:
    started = transcript.ask("POST", "/stream/workflow/generate", generation(GOAL, model="demo-401")).json()
    wait_for_status(started["task_id"], Status.FAILED)
    transcript.ask("GET", started["stream_url"], headers={"Last-Event-ID": "nonsense"})
    transcript.assert_golden("evoagentx_reset")


def test_a_session(transcript: Transcript) -> None:
    client = transcript.ask("POST", "/connect").json()
    id = client["client_id"]
    transcript.name(id, "session")
    transcript.ask("GET", "/clients")
    good = transcript.ask("POST", f"/client/{id}/workflow/generate", DOCUMENT).json()
    wait_for_status(good["task_id"], Status.COMPLETED)
    bad = transcript.ask("POST", f"/client/{id}/workflow/generate", generation(GOAL, model="demo-401")).json()
    wait_for_status(bad["task_id"], Status.FAILED)
    cut = transcript.ask("POST", f"/client/{id}/workflow/generate", generation(GOAL, model="demo-hang")).json()
    wait_for_event(cut["task_id"], Kind.MODEL_STARTED)
    transcript.ask("GET", "/clients")
    transcript.ask("DELETE", f"/client/{id}")
    stream = transcript.ask("GET", client["stream_url"])
    transcript.ask("GET", client["stream_url"] + "?last_event_id=latest")
    transcript.ask("GET", client["stream_url"] + "?last_event_id=" + str(_last_id(stream) - 1))
    transcript.ask("DELETE", f"/client/{id}")
    transcript.ask("POST", f"/client/{id}/workflow/generate", DOCUMENT)
    transcript.ask("GET", "/clients")
    transcript.assert_golden("evoagentx_session")


def test_refusals(transcript: Transcript) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    transcript.name(unknown, "unknown")
    transcript.ask("POST", "/workflow/generate", {})
    transcript.ask("POST", "/stream/workflow/generate", {"goal": " ", "llm_config": {}, "timeout": "soon"})
    command = {"mcpServers": {"shell": {"command": "sh", "args": ["-c", "id"]}}}
    transcript.ask("POST", "/workflow/generate", {"goal": GOAL, "mcp_config": command})
    elsewhere = {"model": "m", "base_url": "http://model.example/v1"}
    transcript.ask("POST", "/workflow/generate", {"goal": GOAL, "llm_config": elsewhere})
    transcript.ask("GET", f"/stream/{unknown}")
    transcript.ask("GET", f"/stream/client/{unknown}")
    transcript.ask("DELETE", f"/client/{unknown}")
    transcript.ask("POST", f"/client/{unknown}/workflow/generate", DOCUMENT)
    transcript.ask("GET", "/workflow/generate")
    transcript.ask("GET", "/connect")
    transcript.ask("GET", "/nowhere")
    transcript.ask("GET", "/clients", headers={"Authorization": "Bearer evo_nobody"})
    transcript.assert_golden("evoagentx_refusals")


def _last_id(stream: requests.Response) -> int:
    return int(stream.text.rpartition("\nid: ")[2].partition("\n")[0])
