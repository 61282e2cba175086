"""What the fastWorkflow API refuses, and how it says so."""

from typing import Any

import pytest
import requests

from sessions.callers import Caller
from tests.dialects.fastworkflow import User, lines_of
from tests.factories import make_agent
from workflows import services


@pytest.fixture(scope="module")
def user(url: str) -> User:
    return User(url)


QUERIES: list[tuple[dict[str, Any], str]] = [
    ({"user_query": ""}, "user_query"),
    ({"user_query": " // "}, "user_query"),
    ({"user_query": "x" * 10_001}, "user_query"),
    ({"user_query": "a\0b"}, "user_query"),
    ({"user_query": 5}, "user_query"),
    ({"user_query": None}, "user_query"),
    ({}, "user_query"),
    *(({"user_query": "x", "timeout_seconds": wrong}, "timeout_seconds") for wrong in (0, -1, 1e9, "60", None, True)),
    ({"user_query": "x", "user_id": ""}, "user_id"),
    ({"user_query": "x", "user_id": 5}, "user_id"),
    ({"user_query": "x", "user_id": "x" * 201}, "user_id"),
]


@pytest.mark.parametrize(("body", "field"), QUERIES)
def test_a_query_that_is_none_is_refused_before_any_stream(user: User, body: Any, field: str) -> None:
    for path in ("invoke_agent", "invoke_agent_stream", "invoke_assistant"):
        refused = user.post(path, **body)
        assert refused.status_code == 422
        assert refused.json()["detail"][0]["loc"] == ["body", field]


@pytest.mark.parametrize(
    ("path", "body", "loc"),
    [
        ("initialize", {"workflow_path": "/etc"}, ["workflow_path"]),
        ("initialize", {"context": []}, ["context"]),
        ("initialize", {"context": {"a": "x" * 20_001}}, ["context"]),
        ("initialize", {"show_agent_traces": "no"}, ["show_agent_traces"]),
        ("initialize", {"conversation_id": 0}, ["conversation_id"]),
        ("perform_action", {}, ["action"]),
        ("perform_action", {"action": "list_todos"}, ["action"]),
        ("perform_action", {"action": {"command_name": "list_todos", "parameters": []}}, ["action", "parameters"]),
        ("perform_action", {"action": {"command_name": "nothing"}}, ["action", "command_name"]),
        ("perform_action", {"action": {"command_name": "create_todo"}}, ["action", "parameters"]),
        (
            "perform_action",
            {"action": {"command_name": "complete_todo", "parameters": {"number": "1"}}},
            ["action", "parameters"],
        ),
        ("activate_conversation", {}, ["conversation_id"]),
        ("activate_conversation", {"conversation_id": "1"}, ["conversation_id"]),
        ("post_feedback", {}, ["nl_feedback"]),
        ("post_feedback", {"binary_or_numeric_score": "good"}, ["binary_or_numeric_score"]),
        ("post_feedback", {"binary_or_numeric_score": 1}, ["user_id"]),
    ],
)
def test_each_problem_is_named_with_its_place(user: User, path: str, body: Any, loc: list[str]) -> None:
    refused = user.post(path, **body)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", *loc]


def test_unknown_users_conversations_and_turns_are_not_there(url: str, user: User) -> None:
    unknown = {"user_id": "nobody"}
    gone = {"detail": "User session not found: nobody"}
    for path, body in {
        "invoke_agent": {"user_query": "x"},
        "invoke_assistant": {"user_query": "x"},
        "perform_action": {"action": {"command_name": "list_todos"}},
        "new_conversation": {},
        "activate_conversation": {"conversation_id": 1},
        "post_feedback": {"nl_feedback": "x"},
    }.items():
        answer = requests.post(f"{url}/{path}", json={**unknown, **body}, timeout=30)
        assert (answer.status_code, answer.json()) == (404, gone)
    assert requests.get(f"{url}/conversations", params=unknown).json() == gone
    lines = {"Accept": "application/x-ndjson"}
    told = requests.post(f"{url}/invoke_agent_stream", json={**unknown, "user_query": "x"}, headers=lines, timeout=30)
    assert (told.status_code, lines_of(told)) == (200, [{"type": "error", "data": gone}])
    assert requests.get(f"{url}/conversations?user_id={user.name}&limit=0").status_code == 422
    assert user.post("activate_conversation", conversation_id=7).json() == {
        "detail": f"Conversation 7 not found for user: {user.name}"
    }
    assert user.post("initialize", conversation_id=7).status_code == 404
    assert requests.get(f"{url}/invoke_agent_stream?task_id=nonsense").status_code == 404
    without = requests.get(f"{url}/invoke_agent_stream")
    assert (without.status_code, without.headers["Allow"]) == (405, "POST")
    assert "fetch" in without.json()["detail"]


def test_a_name_that_two_have_and_a_partner_that_was_deleted(url: str, user: User, caller: Caller) -> None:
    agents = [make_agent(caller, name="Double") for _ in range(2)]
    refused = user.post("initialize", workflow_path="Double").json()["detail"][0]["msg"]
    assert refused == "More than one is named 'Double'. Give the id of the one that is meant."
    other = User(url, workflow_path=str(agents[0].pk))
    services.delete_agent(agents[0], reason="test")
    assert "is deleted" in other.post("invoke_agent", user_query="x").json()["detail"]
    assert "is deleted" in other.frames("x")[0].data["detail"]
    assert other.post("initialize", workflow_path=str(agents[0].pk)).status_code == 422
    for path in ("todo_list", "/home/somebody/examples/todo_list/"):
        assert other.post("initialize", workflow_path=path).json() == {"user_id": other.name}
    assert other.ask("list my todos")["workflow_name"] == "todo_list"
