"""Contract 1, as recorded: every route, its answers and its frames."""

from typing import Any

import requests

from tests.dialects.transcripts import Transcript
from tests.engine.graphs import graph_of
from tests.engine.scripted import sub_task
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

BACK = [{"source": "write", "target": "collect"}]


def report() -> dict[str, Any]:
    return graph_of(sub_task("collect", ["goal"], ["points"]), sub_task("write", ["points"], ["report"]), goal=GOAL)


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


def test_executions(transcript: Transcript) -> None:
    """Of nodes in a row, so that they are always told in this order. Findings come when there is time for them."""
    asked = {**DOCUMENT, "workflow_graph": report()}
    del asked["goal"]
    transcript.ask("POST", "/workflow/execute", asked)
    started = transcript.ask("POST", "/stream/workflow/execute", {**asked, "inputs": {"goal": "Sell more"}}).json()
    wait_for_status(started["task_id"], Status.COMPLETED)
    stream = f"/stream/{started['task_id']}"
    transcript.ask("GET", f"{stream}?types=task.*,node.started,node.finished")
    transcript.ask("GET", f"{stream}?types=token")
    failing = {**asked, "llm_config": {"model": "demo-401"}}
    transcript.ask("POST", "/workflow/execute", failing)
    client = transcript.ask("POST", "/connect").json()
    transcript.name(client["client_id"], "session")
    within = transcript.ask("POST", f"/client/{client['client_id']}/workflow/execute", failing).json()
    wait_for_status(within["task_id"], Status.FAILED)
    transcript.ask("DELETE", f"/client/{client['client_id']}")
    transcript.ask("GET", client["stream_url"])
    transcript.ask("POST", "/workflow/execute", {**asked, "workflow_graph": {**report(), "edges": BACK}})
    transcript.ask("POST", "/workflow/execute", {"task_id": started["task_id"]})
    transcript.assert_golden("evoagentx_executions")


def test_whole_runs(transcript: Transcript) -> None:
    transcript.ask("POST", "/workflow/run", DOCUMENT)
    started = transcript.ask("POST", "/stream/workflow/run", DOCUMENT).json()
    wait_for_status(started["task_id"], Status.COMPLETED)
    transcript.ask("GET", f"/stream/{started['task_id']}?types=task.*")
    transcript.ask("POST", "/workflow/execute", {"task_id": started["task_id"]})
    transcript.assert_golden("evoagentx_runs")


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
