"""The AgentArea API, as recorded: the document's walk-through, a failure, refusals."""

from tests.dialects.transcripts import Transcript
from tests.http.asking import wait_for_status
from workflows.models import Status

AGENTS = "/api/v1/agents"
ACCOUNTANT = {
    "name": "Accountant",
    "instruction": "You answer questions about numbers. Compute, do not guess.",
    "model_id": "gpt-4",
    "tools_config": {"builtin_tools": [{"tool_name": "calculator"}]},
    "colour": "green",
}


def make(transcript: Transcript) -> str:
    """The path of the agent."""
    id = transcript.ask("POST", AGENTS, ACCOUNTANT).json()["id"]
    transcript.name(id, "agent")
    return f"{AGENTS}/{id}"


def test_the_documents_walk(transcript: Transcript) -> None:
    agent = make(transcript)
    created = transcript.ask(
        "POST",
        f"{agent}/tasks",
        {
            "description": "What is (17 + 4) * 2?",
            "user_id": "user123",
            "task_parameters": {"enable_streaming": True, "model": "gpt-4"},
        },
    )
    id = created.json()["id"]
    transcript.name(id, "conversation")
    task = f"{agent}/tasks/{id}"
    wait_for_status(created.headers["X-Task-Id"], Status.COMPLETED)
    transcript.ask("GET", f"{task}/events/stream")
    # Into how many pieces a text is split is a matter of timing, and the pages count them; so far there is none.
    transcript.ask("GET", f"{task}/events?page=2&page_size=3")
    query = {"query": "Explain quantum computing in simple terms", "enable_streaming": True}
    executed = transcript.ask("POST", f"{task}/execute", query)
    wait_for_status(executed.headers["X-Task-Id"], Status.COMPLETED)
    transcript.ask(
        "GET", f"{task}/events/stream?event_type=WorkflowLLMCallCompleted", headers={"Last-Event-ID": "1-9999"}
    )
    transcript.ask("GET", f"{task}/events/stream?include_history=false")
    for path in ("", "/status", "/state", "/response"):
        transcript.ask("GET", f"{task}{path}")
    transcript.ask("GET", f"{agent}/tasks?status=completed")
    transcript.ask("PATCH", agent, {"planning": True})
    transcript.ask("DELETE", agent)
    transcript.ask("GET", agent)
    transcript.assert_golden("agentarea_walk")


def test_a_failure(transcript: Transcript) -> None:
    agent = make(transcript)
    body = {"description": "What is 2 + 2?", "parameters": {"model": "demo-401", "enable_streaming": True}}
    failed = transcript.ask("POST", f"{agent}/tasks/sync", body)
    transcript.name(failed.json()["id"], "conversation")
    transcript.ask("GET", f"{agent}/tasks/{failed.json()['id']}/events/stream")
    transcript.assert_golden("agentarea_failed")


def test_refusals(transcript: Transcript) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    transcript.name(unknown, "unknown")
    agent = make(transcript)
    transcript.ask("POST", AGENTS, {"name": "x"})
    transcript.ask("POST", AGENTS, {**ACCOUNTANT, "tools_config": {"builtin_tools": [{"tool_name": "hammer"}]}})
    transcript.ask("PATCH", agent, {"colour": "red", "planning": "yes"})
    transcript.ask("PATCH", agent, {"colour": "red"})
    transcript.ask("PATCH", agent, {"tools_config": {"agents": [{"agent_id": agent.rpartition("/")[2]}]}})
    transcript.ask("POST", f"{agent}/tasks/", {"description": "x", "parameters": {"max_iterations": 0}})
    transcript.ask("GET", f"{AGENTS}/{unknown}/")
    transcript.ask("GET", f"{AGENTS}/nonsense/tasks")
    transcript.ask("POST", f"{AGENTS}/{unknown}/tasks", {"description": "x"})
    transcript.ask("GET", f"{agent}/tasks/{unknown}")
    transcript.ask("GET", f"{agent}/tasks/{unknown}/events/stream/")
    transcript.ask("PUT", f"{agent}/tasks")
    transcript.assert_golden("agentarea_refusals")
