"""AgentArea's tasks: streams and pages that agree, batch mode, turns, budgets, other agents, pausing, cancelling."""

from typing import Any

import pytest
import requests

from tests.dialects.agentarea import SUM, frames, make_agent, names, run, start
from tests.http.asking import wait_for_event, wait_for_status
from tests.stack import wait_for
from tests.streaming.sse import Connection, parse
from workflows.events import Kind
from workflows.models import Agent, Status, Task

PAIR = ["WorkflowLLMCallStarted", "WorkflowLLMCallCompleted", "WorkflowToolCallStarted", "WorkflowToolCallCompleted"]
SLOW = "demo-slow-2s"


@pytest.fixture(scope="module")
def api(url: str) -> str:
    return f"{url}/api/v1"


@pytest.fixture(scope="module")
def agent(api: str) -> str:
    return make_agent(api)


def ask(method: str, url: str, body: Any = None) -> Any:
    response = requests.request(method, url, json=body, timeout=60)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("slash", ["", "/"])
def test_both_forms_of_a_path_work_and_all_that_show_a_task_agree(agent: str, slash: str) -> None:
    created = requests.post(
        f"{agent}/tasks{slash}", json={"description": SUM, "task_parameters": {"note": "x"}}, allow_redirects=False
    ).json()
    assert created["status"] == "submitted"
    task = f"{agent}/tasks/{created['id']}"
    wait_for_status(created["execution_id"], Status.COMPLETED)
    shown, status = ask("GET", f"{task}{slash}"), ask("GET", f"{task}/status{slash}")
    listed = ask("GET", f"{agent}/tasks{slash}?status=completed&limit=1")[0]
    assert shown == listed
    assert shown["parameters"] == {"note": "x"}
    assert (shown["status"], shown["result"]) == (status["status"], status["result"]) == ("completed", status["result"])
    assert shown["result"]["final_response"] == ask("GET", f"{task}/response{slash}")["final_response"]
    assert "42" in shown["result"]["final_response"]
    state = ask("GET", f"{task}/state{slash}")
    assert (state["current_iteration"], state["success"], state["paused"]) == (2, True, False)
    assert state["cost"] == status["usage_metadata"]["total_cost"] > 0
    assert ask("GET", f"{agent}/tasks?status=failed") == []


def test_a_stream_tells_everything_in_order_and_closes(agent: str) -> None:
    task, _ = start(agent)
    told = frames(task)
    assert names(told) == [
        "WorkflowStarted",
        *["WorkflowStepStarted", *PAIR, "WorkflowStepCompleted"] * 2,
        "WorkflowCompleted",
    ]
    for frame in told:
        assert frame.data["event_type"] == frame.data["type"] == frame.event
        assert frame.data["event_id"] == frame.id
        assert frame.data | frame.data["data"] == frame.data
    assert told[2].data["model"] == "gpt-4"
    assert told[2].data["estimated_cost"] > 0
    end = told[-1].data
    assert "42" in end["final_response"]
    costs = [frame.data["cost"] for frame in told if frame.event == "WorkflowLLMCallCompleted"]
    assert sum(costs) == pytest.approx(end["total_cost"]) == ask("GET", f"{task}/state")["cost"]


def test_late_readers_and_pages_get_the_same(agent: str) -> None:
    task = run(agent)
    ask("POST", f"{task}/execute", {"query": "And 3 * 4?", "enable_streaming": True})
    live = frames(task)
    assert names(live).count("WorkflowCompleted") == 2
    assert "12" in live[-1].data["final_response"]
    late = frames(task)
    assert [frame.raw for frame in late] == [frame.raw for frame in live]
    assert [frame.raw for frame in frames(task, last_event_id=str(live[4].id))] == [frame.raw for frame in live[5:]]
    pages, number = [], 1
    while True:
        page = ask("GET", f"{task}/events?page={number}&page_size=2")
        pages += page["events"]
        if not page["has_next"]:
            break
        number += 1
    assert page["total"] == len(pages)
    assert [event["id"] for event in pages] == [frame.id for frame in live]
    assert pages[0]["metadata"] | live[0].data["data"] == live[0].data["data"]
    assert requests.get(f"{task}/events/stream", headers={"Last-Event-ID": str(live[-1].id)}).status_code == 204
    assert requests.get(f"{task}/events/stream?include_history=false").status_code == 204


def test_filters_choose_by_name_and_the_end_always_passes(agent: str) -> None:
    task = run(agent)
    told = frames(task, "?event_type=WorkflowStarted&event_type=WorkflowTool*")
    assert set(names(told)) == {"WorkflowStarted", *PAIR[2:], "WorkflowCompleted"}
    page = ask("GET", f"{task}/events?event_type=WorkflowToolCallCompleted")
    assert (page["total"], page["events"][0]["message"]) == (2, "The tool calculator has answered")


def test_a_batch_is_told_at_its_end_all_at_once(agent: str) -> None:
    task, turn = start(agent, parameters={"enable_streaming": False}, model=SLOW)
    with Connection(f"{task}/events/stream") as reader:
        wait_for_event(turn, Kind.MODEL_STARTED)
        assert ask("GET", f"{task}/events")["total"] >= 3
        reader.read_until(b"connected")
        assert b"WorkflowStarted" not in reader.received
        reader.read_until(b"WorkflowStarted")
        assert Task.objects.get(pk=turn).status == Status.COMPLETED
        reader.read_to_end()
    whole = [frame for frame in parse(reader.body.decode()) if frame.event != "heartbeat"]
    assert len(whole) == len(frames(task)) + 1


def test_a_post_may_be_the_stream_itself_and_leaving_it_cancels_unless_kept(agent: str) -> None:
    streams = {"Accept": "text/event-stream"}
    told = requests.post(f"{agent}/tasks", json={"description": "Hello"}, headers=streams)
    assert [frame.event for frame in parse(told.text)][-1] == "WorkflowCompleted"
    chunks = [frame.data["chunk"] for frame in parse(told.text) if frame.event == "WorkflowLLMCallChunk"]
    numbers = [frame.data["chunk_index"] for frame in parse(told.text) if frame.event == "WorkflowLLMCallChunk"]
    assert numbers == list(range(len(chunks)))
    done = next(frame for frame in parse(told.text) if frame.event == "WorkflowLLMCallCompleted")
    assert "".join(chunks) == done.data["content"]
    body = {"description": SUM, "parameters": {"model": SLOW}}
    for query, status in (("", Status.CANCELLED), ("?keep=true", Status.COMPLETED)):
        with requests.post(f"{agent}/tasks{query}", json=body, headers=streams, stream=True) as left:
            turn = left.headers["X-Task-Id"]
            wait_for_event(turn, Kind.MODEL_STARTED)
        wait_for_status(turn, status)


def test_waiting_for_the_answer_and_for_none(agent: str) -> None:
    answered = requests.post(f"{agent}/tasks/sync", json={"description": SUM})
    assert answered.json()["result"]["success"] is True
    failed = requests.post(f"{agent}/tasks/sync/", json={"description": SUM, "parameters": {"model": "demo-401"}})
    assert failed.status_code == 502
    assert (failed.json()["status"], failed.json()["result"]) == ("failed", None)
    looped = {"max_iterations": 3, "model": "demo-tool-loop"}
    used_up = requests.post(f"{agent}/tasks/sync", json={"description": SUM, "parameters": looped}).json()
    assert "all its 3 iterations" in used_up["detail"]
    end = frames(f"{agent}/tasks/{used_up['id']}")[-1]
    assert (end.event, end.data["error_type"]) == ("WorkflowFailed", "max_iterations")
    assert end.data["iterations_completed"] == 3


def test_a_call_that_is_made_again_says_so_and_its_text_begins_anew(agent: str) -> None:
    told = frames(run(agent, "Explain owls", model="demo-slow-0.3s+cut"))
    again = names(told).index("WorkflowLLMCallRetried")
    assert told[again].data | {"attempt": 1, "reason": "connection lost while streaming"} == told[again].data
    before, after = (
        [frame.data for frame in part if frame.event == "WorkflowLLMCallChunk"] for part in (told[:again], told[again:])
    )
    assert [chunk["chunk_index"] for chunk in before] == list(range(len(before)))
    assert [chunk["chunk_index"] for chunk in after] == list(range(len(after)))
    done = next(frame.data for frame in told if frame.event == "WorkflowLLMCallCompleted")
    assert "".join(chunk["chunk"] for chunk in after) == done["content"]


def test_a_tiny_budget_warns_once_is_exceeded_once_and_fails(agent: str) -> None:
    task, turn = start(agent, parameters={"budget_usd": 0.001}, model="demo-tool-loop")
    told = frames(task)
    assert names(told).count("WorkflowBudgetWarning") == names(told).count("WorkflowBudgetExceeded") == 1
    warning = next(frame.data for frame in told if frame.event == "WorkflowBudgetWarning")
    assert warning["usage_percentage"] >= 80
    assert warning["limit"] == 0.001
    assert names(told)[-2:] == ["WorkflowBudgetExceeded", "WorkflowFailed"]
    assert told[-1].data["error_type"] == "budget_exceeded"
    costs = sum(frame.data["cost"] for frame in told if frame.event == "WorkflowLLMCallCompleted")
    assert costs == pytest.approx(float(Task.objects.get(pk=turn).cost_usd)) == told[-1].data["total_cost"]
    assert costs <= 0.001


def test_another_agent_is_asked_and_its_cost_counts(api: str, agent: str) -> None:
    helper = agent.rpartition("/")[2]
    boss = make_agent(api, name="Boss", tools_config={"agents": [{"agent_id": helper}]})
    told = frames(run(boss, "Let agent__expert help"))
    of_child = [frame for frame in told if "parent" in frame.data]
    assert {frame.data.get("agent_name") for frame in of_child if "model" in frame.data} == {"Expert"}
    costs = sum(frame.data["cost"] for frame in told if frame.event == "WorkflowLLMCallCompleted")
    assert costs == pytest.approx(told[-1].data["total_cost"])
    assert told[-1].data["iterations_completed"] == 2
    itself = requests.patch(agent, json={"tools_config": {"agents": [{"agent_id": boss.rpartition("/")[2]}]}})
    assert (itself.status_code, "never end" in itself.json()["detail"]) == (400, True)


def test_a_plan_is_ticked_off(api: str) -> None:
    told = frames(run(make_agent(api, planning=True)))
    plans = [[step["done"] for step in frame.data["plan"]] for frame in told if frame.event == "WorkflowPlanUpdated"]
    assert plans[0] == [False, False]
    assert plans[-1] == [True, True]


def test_pausing_resuming_and_what_cannot_be(agent: str) -> None:
    task, turn = start(agent, model=SLOW)
    assert requests.post(f"{task}/resume").status_code == 400
    wait_for_event(turn, Kind.MODEL_STARTED)
    assert ask("POST", f"{task}/pause")["status"] == "paused"
    again = requests.post(f"{task}/pause")
    assert (again.status_code, "already paused" in again.json()["detail"]) == (400, True)
    wait_for_status(turn, Status.PAUSED)
    state = ask("GET", f"{task}/state")
    assert (state["paused"], state["status"], state["pause_reason"]) == (True, "paused", "paused by local")
    assert ask("POST", f"{task}/resume/") | {"message": ""} == {
        "status": "running", "task_id": task.rpartition("/")[2], "execution_id": turn, "message": "",
    }  # fmt: skip
    told = frames(task)
    assert [name for name in names(told) if name in ("WorkflowPaused", "WorkflowResumed")] == [
        "WorkflowPaused",
        "WorkflowResumed",
    ]
    assert requests.post(f"{task}/pause").status_code == 400


def gated(agent: str) -> tuple[str, str]:
    """A task that waits for approval of its first call of a tool, and its turn."""
    task, turn = start(agent, requires_human_approval=True)
    wait_for_status(turn, Status.WAITING)
    assert ask("GET", task)["status"] == ask("GET", f"{task}/status")["status"] == "waiting_for_approval"
    assert "WorkflowToolCallStarted" not in str(ask("GET", f"{task}/events"))
    return task, turn


def test_a_gated_tool_starts_once_it_is_approved(agent: str) -> None:
    task, _ = gated(agent)
    assert ask("GET", f"{agent}/tasks?status=waiting_for_approval")[0]["id"] == task.rpartition("/")[2]
    assert ask("POST", f"{task}/resume")["status"] == "running"
    told = frames(task)
    place = names(told).index("WorkflowApprovalRequested")
    assert names(told)[place : place + 4] == [
        "WorkflowApprovalRequested", "WorkflowApprovalReceived", "WorkflowToolCallStarted", "WorkflowToolCallCompleted",
    ]  # fmt: skip
    asked, called = told[place].data, told[place + 2].data
    assert (asked["tool_name"], asked["arguments"]) == ("calculator", {"expression": "(17 + 4) * 2"})
    assert asked["tool_call_id"] == called["tool_call_id"]
    assert "42" in told[-1].data["final_response"]


def test_a_refusal_reaches_the_agent_with_its_reason(agent: str) -> None:
    task, _ = gated(agent)
    assert ask("POST", f"{task}/reject", {"reason": "not on a Sunday"})["message"] == "Rejected."
    told = frames(task)
    refused = next(frame.data for frame in told if frame.event == "WorkflowToolCallCompleted")
    assert (refused["success"], "not on a Sunday" in refused["error"]) == (False, True)
    assert told[-1].event == "WorkflowCompleted"
    assert requests.post(f"{task}/reject").status_code == requests.post(f"{task}/resume").status_code == 400


def test_cancelling_ends_the_stream_and_the_turns_that_wait(api: str, agent: str) -> None:
    task, turn = start(agent, model=SLOW)
    second, third = (
        requests.post(f"{task}/execute", json={"query": "And then?"}).headers["X-Task-Id"] for _ in range(2)
    )
    wait_for_event(turn, Kind.MODEL_STARTED)
    ask("POST", f"{api}/tasks/{third}/cancel")
    # Its turn has not come: on a page it would stand where events of the first one have yet to come.
    assert {event["execution_id"] for event in ask("GET", f"{task}/events")["events"]} == {turn}
    cancelled = ask("DELETE", task)
    assert cancelled == {"status": "cancelled", "task_id": task.rpartition("/")[2], "execution_id": turn}
    told = frames(task)
    assert names(told).count("WorkflowCancelled") == 3
    assert [event["id"] for event in ask("GET", f"{task}/events")["events"]] == [frame.id for frame in told]
    assert told[-1].data["iterations_completed"] == 0
    assert Task.objects.get(pk=second).status == Status.CANCELLED
    assert requests.delete(task).status_code == 404


def test_a_first_agent_is_there_and_edits_are_versions(api: str, agent: str) -> None:
    assert Agent.objects.filter(group__name="local", owner=None, name="Assistant").count() == 1
    changes = {
        "name": "New", "description": "d", "instruction": "i", "model_id": "gpt-4o", "planning": True,
        "enable_streaming": True, "budget_usd": 2.5, "events_config": {"a": 1},
        "tools_config": {"builtin_tools": [{"tool_name": "date_time", "enabled": False}]},
    }  # fmt: skip
    edited = make_agent(api)
    task = run(edited)
    shown = ask("PATCH", f"{edited}/", changes)
    assert shown == ask("GET", edited) | changes | {
        "tools_config": {
            "builtin_tools": [{"tool_name": "date_time", "requires_user_confirmation": False, "enabled": False}]
        }
    }
    assert shown["version"] == 2
    assert ask("PATCH", edited, {"instructions": "other"})["instruction"] == "other"
    turn = Task.objects.get(pk=ask("GET", task)["execution_id"])
    assert turn.agent_version is not None
    assert turn.agent_version.number == 1
    assert next(found for found in ask("GET", f"{api}/agents/") if found["id"] == shown["id"])["version"] == 3
    assert ask("DELETE", edited) == {"status": "success"}
    assert requests.get(edited).json() == {"detail": "Agent not found"}
    # What it told stays.
    assert ask("GET", task)["status"] == "completed"
    assert frames(task)[-1].event == "WorkflowCompleted"
    assert requests.post(f"{task}/execute", json={"query": "Still there?"}).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"colour": "red"}, 422, "no such field"),
        ({"tools_config": {"builtin_tools": [{"tool_name": "calculator"}] * 10_000}}, 422, "no more than 100"),
        ({"tools_config": {"builtin_tools": [{"tool_name": "hammer"}]}}, 400, "no tool 'hammer'"),
        ({"tools_config": {"mcp_server_configs": [{"mcp_server_id": "m"}]}}, 400, "no MCP server"),
        ({"tools_config": {"agents": [{"agent_id": "00000000-0000-4000-8000-000000000000"}]}}, 400, "no agent"),
        ({"instruction": "x" * 1_000_000}, 422, "100000"),
        ({"instruction": ""}, 422, "blank"),
        ({"budget_usd": 0}, 422, "greater"),
        ({"planning": "yes"}, 422, "true or false"),
    ],
)
def test_bad_changes_are_refused(agent: str, change: Any, status: int, said: str) -> None:
    refused = requests.patch(agent, json=change)
    assert refused.status_code == status
    assert said in refused.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"description": ""},
        {"description": "x", "parameters": {"max_iterations": 51}},
        {"description": "x", "parameters": {"budget_usd": -1}},
        {"description": "x", "parameters": {"success_criteria": [1]}},
        {"description": "x", "parameters": []},
    ],
)
def test_bad_tasks_are_refused(agent: str, body: Any) -> None:
    refused = requests.post(f"{agent}/tasks", json=body)
    assert refused.status_code == 422
    assert requests.post(f"{agent}/tasks/sync", json=body).json() == refused.json()


def test_a_stream_beats_by_a_frame_of_its_own(agent: str) -> None:
    task, turn = start(agent, model="demo-hang")
    with Connection(f"{task}/events/stream") as reader:
        reader.read_until(b"event: heartbeat")
        beat = [frame for frame in parse(reader.body.decode()) if frame.event == "heartbeat"]
    assert (beat[0].id, beat[0].data["type"]) == (None, "heartbeat")
    ask("DELETE", task)
    wait_for(lambda: Task.objects.get(pk=turn).status == Status.CANCELLED, "it is cancelled")
