"""Agents with tools by a real worker, from the goal to what a stream shows."""

from typing import Any

import requests

from sessions.callers import Caller
from tests.engine.graphs import graph_of
from tests.engine.scripted import sub_task
from tests.stack import Stack
from tests.streaming.sse import read_stream
from tests.worker.test_executing import data_of, ended, execute
from workflows.events import Kind
from workflows.models import Event, Status, Step


def with_tools(*names: str, **agent: Any) -> dict[str, Any]:
    graph = graph_of(sub_task("answer", ["goal"], ["reply"]))
    graph["nodes"][0]["agents"][0] |= {"tool_names": list(names), **agent}
    return graph


def test_an_agent_reaches_its_answer_through_three_tools(stack: Stack, caller: Caller) -> None:
    graph = with_tools("calculator", "fetch", "date_time")
    graph["goal"] = f"What is 17 * 23, which weekday is 2026-11-21, and how is {stack.url}/health/live?"
    task = ended(execute(caller, graph))
    assert task.status == Status.COMPLETED
    reply = task.result["outputs"]["reply"]
    assert "391" in reply
    assert "Saturday" in reply
    updates = read_stream(f"{stack.url}/stream/{task.pk}")
    said = {message.data["current_state"] for message in updates if message.event == "update"}
    assert {"'answer' uses the tool calculator", "The tool fetch has answered"} <= said
    messages = read_stream(f"{stack.url}/api/v1/tasks/{task.pk}/events/stream")
    told = [message for message in messages if message.event.startswith("tool.")]
    assert {m.data["data"]["tool"] for m in told} == {"calculator", "fetch", "date_time"}
    done = {m.data["data"]["tool"]: m.data["data"] for m in told if m.event == Kind.TOOL_COMPLETED}
    assert all(data["ok"] for data in done.values())
    assert '"status": 200' in done["fetch"]["result"]
    assert Step.objects.filter(task=task, kind="tool").count() == 3
    assert task.model_calls == 2, "a tool's call is none of a model"


def test_generated_agents_get_the_tools_that_the_goal_needs_and_use_them(stack: Stack) -> None:
    body = {"goal": "Calculate 12.5 * 8 and write a note about it"}
    answer = requests.post(f"{stack.url}/workflow/run", json=body, timeout=60).json()
    agents = {node["name"]: node["agents"][0] for node in answer["workflow_graph"]["nodes"]}
    assert any("calculator" in (agent["tool_names"] or ()) for agent in agents.values()), agents
    assert "'from_tools': ['100']" in str(answer["results"])


def test_what_an_agent_cannot_have_is_refused_or_said(stack: Stack, caller: Caller) -> None:
    task = ended(execute(caller, with_tools("calculator", "browser")))
    assert task.status == Status.FAILED
    assert "needs the tool browser, and on offer are ask_person, business_query, calculator" in task.error["message"]
    wrong = ended(execute(caller, with_tools("calculator"), model="demo-tool-unknown"))
    assert wrong.status == Status.COMPLETED
    assert data_of(wrong, Kind.TOOL_COMPLETED)[0]["error"].startswith("There is no tool 'no_such_tool' for you.")
    answer = requests.post(
        f"{stack.url}/api/v1/workflows", json={"name": "x", "tasks": [{"name": "a", "tools": ["browser"]}]}
    )
    assert answer.status_code == 422
    assert "which is not on offer. Choose from calculator" in answer.json()["detail"][0]["msg"]


def test_a_programs_output_is_streamed(stack: Stack, caller: Caller) -> None:
    graph = with_tools("disk_space")
    graph["goal"] = "Use disk_space"
    task = ended(execute(caller, graph))
    assert task.status == Status.COMPLETED, task.error
    pieces = data_of(task, Kind.TOOL_OUTPUT)
    (completed,) = data_of(task, Kind.TOOL_COMPLETED)
    assert "".join(piece["text"] for piece in pieces) == completed["result"]
    assert completed["result"].startswith("Filesystem")
    assert {piece["call"] for piece in pieces} == {"tool/1/answer/1/1/0"}
    order = list(Event.objects.filter(task=task).order_by("seq").values_list("kind", flat=True))
    assert order.index(Kind.TOOL_STARTED) < order.index(Kind.TOOL_OUTPUT) < order.index(Kind.TOOL_COMPLETED)
