"""The fastWorkflow API as its clients use it: asking, and what comes back."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sessions.callers import Caller
from tests.dialects.fastworkflow import CREATE, User, errors_of, frames_of, lines_of, response_of
from tests.factories import kinds_of, make_agent, make_workflow
from tests.stack import wait_for
from tests.streaming.sse import Message
from workflows.events import Kind
from workflows.models import Agent, AgentVersion, Event, Feedback, Question, Status, Task, Todo

NAMES = ["direction", "raw_command", "command_name", "parameters", "response_text", "success", "timestamp_ms"]


def check_shape(frames: list[Message]) -> None:
    """Traces in pairs, and then one last frame."""
    *traces, last = frames
    assert (last.event in ("command_output", "error"), {trace.event for trace in traces} <= {"trace"}) == (True, True)
    for called, returned in zip(traces[::2], traces[1::2], strict=True):
        assert [list(called.data), list(returned.data)] == [NAMES, NAMES]
        assert [trace.data["direction"] for trace in (called, returned)] == ["agent_to_workflow", "workflow_to_agent"]
        assert called.data["raw_command"].split(" ")[0] == returned.data["command_name"]
        assert [called.data[name] for name in NAMES[2:6]] == [None] * 4
        assert returned.data["raw_command"] is None


def test_the_documents_query_is_streamed_and_taken_up_again(url: str) -> None:
    user = User(url)
    asked = user.post("invoke_agent_stream", user_query="/create a todo; list my todos")
    frames = frames_of(asked)
    check_shape(frames)
    headers = ("Content-Type", "Cache-Control", "X-Accel-Buffering")
    assert [asked.headers[name] for name in headers] == ["text/event-stream", "no-cache", "no"]
    assert [frame.data["command_name"] for frame in frames[1:-1:2]] == ["create_todo", "list_todos"]
    assert frames[-1].data["success"] is True
    assert "1. [ ] todo (demo)" in response_of(frames[-1].data)
    again = f"{url}/invoke_agent_stream?task_id={asked.headers['X-Task-Id']}"
    assert requests.get(again).text == asked.text
    lines = lines_of(requests.get(again, headers={"Accept": "application/x-ndjson"}))
    assert lines == [{"id": frame.id, "type": frame.event, "data": frame.data} for frame in frames]
    rest = requests.get(again, headers={"Last-Event-ID": str(frames[1].id)})
    assert [frame.raw for frame in frames_of(rest)] == [frame.raw for frame in frames[2:]]
    assert requests.get(f"{again}&last_event_id={frames[-1].id}").status_code == 204
    assert frames_of(requests.get(f"{again}&last_event_id=9999"))[0].event == "reset"


def test_a_blocking_call_answers_with_what_the_stream_tells(url: str) -> None:
    user = User(url, context={"city": "Sofia"})
    key = {"Idempotency-Key": uuid.uuid4().hex}
    answered = user.post("invoke_agent", user_query=CREATE, headers=key)
    assert user.post("invoke_agent", user_query=CREATE, headers=key).json() == answered.json(), "it is one turn"
    frames = frames_of(requests.get(f"{url}/invoke_agent_stream?task_id={answered.headers['X-Task-Id']}"))
    assert answered.json() == {**frames[-1].data, "traces": [frame.data for frame in frames[:-1]]}
    assert len(answered.json()["traces"]) == 2
    assert answered.json()["context"] == '{"city": "Sofia"}'
    user.post("initialize", show_agent_traces=False)
    assert [frame.event for frame in user.frames("list my todos")] == ["command_output"]
    assert user.ask("list my todos")["traces"] == []


def test_the_assistant_calls_one_command_and_asks_for_what_is_missing(url: str) -> None:
    user = User(url)
    asked_back = user.ask("create a todo", "invoke_assistant")
    assert (asked_back["success"], asked_back["traces"]) == (False, [])
    assert response_of(asked_back).startswith("To create todo I need: text.")
    done = user.ask("buy milk", "invoke_assistant")
    assert (done["success"], done["command_name"], done["command_parameters"]) == (
        True,
        "create_todo",
        '{"text": "buy milk"}',
    )
    assert response_of(user.ask("complete the first", "invoke_assistant")) == "Todo 1 is done: buy milk"
    assert response_of(user.ask("list my todos", "invoke_assistant")) == "1. [x] buy milk"


def test_an_action_runs_without_a_model(url: str) -> None:
    user = User(url)
    assert user.do("create_todo", text="buy milk") == "Todo 1 is on the list: buy milk"
    assert user.do("rename_todo", number=1, text="buy bread") == "Todo 1 is now: buy bread"
    assert user.do("complete_todo", number=7) == "There is no todo 7."
    assert user.do("delete_todo", number=1) == "Todo 1 is deleted: buy bread"
    task = user.post("perform_action", action={"command_name": "list_todos"})
    assert response_of(task.json()) == "There are no todos."
    assert Kind.MODEL_STARTED not in kinds_of(task.headers["X-Task-Id"])


def test_one_turn_at_a_time_for_each_user_and_users_in_parallel(url: str, caller: Caller) -> None:
    agent = make_agent(caller, model_id="demo-hang", tools_config={"builtin_tools": [{"tool_name": "calculator"}]})
    user, others = User(url, workflow_path=str(agent.pk)), [User(url) for _ in range(3)]
    busy = f"A turn is already in progress for user: {user.name}"
    with user.post("invoke_agent_stream?keep=true", user_query="Why?", stream=True) as first:
        turn = first.headers["X-Task-Id"]
        refused = user.post("invoke_agent_stream", user_query="Why?")
        assert errors_of(frames_of(refused)) == [busy]
        assert (frames_of(refused)[0].id, "X-Task-Id" in refused.headers) == (None, False)
        for path in ("invoke_agent", "invoke_assistant"):
            assert user.post(path, user_query="Why?").status_code == 409
        assert user.post("new_conversation").json() == {"detail": busy}
        assert user.post("activate_conversation", conversation_id=1).status_code == 409
        with ThreadPoolExecutor(3) as threads:
            assert all(answer["success"] for answer in threads.map(lambda other: other.ask(), others))
    requests.post(f"{url}/api/v1/tasks/{turn}/cancel")
    followed = frames_of(requests.get(f"{url}/invoke_agent_stream?task_id={turn}"))
    assert errors_of(followed)[0].startswith("The turn was cancelled")
    speed_up(agent)
    check_shape(user.frames("What is (17 + 4) * 2?"))


def test_a_turn_that_takes_too_long_is_gone_from_the_next_one(url: str, caller: Caller) -> None:
    agent = make_agent(caller, model_id="demo-hang")
    user = User(url, workflow_path=str(agent.pk))
    late = "Command execution timed out after 1 seconds"
    assert errors_of(user.frames("What is SECRET?", timeout_seconds=1)) == [late]
    blocking = user.post("invoke_agent", user_query="What is SECRET?", timeout_seconds=1)
    assert (blocking.status_code, blocking.json()["detail"]) == (504, late)
    speed_up(agent)
    answered = user.post("invoke_agent", user_query="Who are you?")
    assert "SECRET" not in answered.text
    told = Event.objects.get(task=answered.headers["X-Task-Id"], kind=Kind.MODEL_STARTED)
    assert told.data["messages"] == 2, "its instructions, and the query"
    assert user.conversations()[0]["conversation_id"] == 1


def test_a_model_that_fails_is_an_internal_error_with_its_cause(url: str, caller: Caller) -> None:
    user = User(url, workflow_path=str(make_agent(caller, model_id="demo-401").pk))
    (failed,) = user.frames("Why?")
    assert failed.data["detail"] == f"Internal error in invoke_agent_stream() for user_id: {user.name}"
    assert (failed.data["error"]["type"], failed.data["error"]["status"]) == ("model_failed", 502)
    blocking = user.post("invoke_agent", user_query="Why?")
    assert blocking.status_code == 502
    assert blocking.json()["detail"] == f"Internal error in invoke_agent() for user_id: {user.name}"


@pytest.mark.parametrize("keep", [False, True])
def test_who_leaves_cancels_the_turn_unless_it_is_kept(url: str, caller: Caller, keep: bool) -> None:
    user = User(url, workflow_path=str(make_agent(caller, model_id="demo-hang").pk))
    path = f"invoke_agent_stream{'?keep=true' if keep else ''}"
    with user.post(path, user_query="Why?", stream=True) as response:
        turn = response.headers["X-Task-Id"]
        wait_for(lambda: Kind.MODEL_STARTED in kinds_of(turn), "it is under way")
    if keep:
        with requests.get(f"{url}/invoke_agent_stream?task_id={turn}", stream=True) as again:
            next(again.iter_content(100))
        assert Task.objects.get(pk=turn).status == Status.RUNNING
        requests.post(f"{url}/api/v1/tasks/{turn}/cancel")
    wait_for(lambda: Task.objects.get(pk=turn).status == Status.CANCELLED, "it is cancelled")


def test_a_command_that_needs_a_yes_waits_and_says_so(url: str, caller: Caller) -> None:
    gated = {"builtin_tools": [{"tool_name": "calculator", "requires_user_confirmation": True}]}
    user = User(url, workflow_path=str(make_agent(caller, tools_config=gated).pk))
    query = "What is (17 + 4) * 2?"
    with user.post("invoke_agent_stream?keep=true", user_query=query, stream=True) as response:
        turn = response.headers["X-Task-Id"]
        wait_for(lambda: Task.objects.get(pk=turn).status == Status.WAITING, "it waits")
    assert user.post("invoke_agent", user_query="Hello?").status_code == 409
    question = Question.objects.get(task=turn)
    assert requests.post(f"{url}/api/v1/questions/{question.pk}/approve").status_code == 200
    person, *frames = frames_of(requests.get(f"{url}/invoke_agent_stream?task_id={turn}", timeout=60))
    assert (person.data["direction"], person.data["command_name"]) == ("workflow_to_person", "calculator")
    assert person.data["parameters"] == {"expression": "(17 + 4) * 2"}
    check_shape(frames)
    assert frames[1].data["response_text"] == "42"


def test_a_registered_workflow_is_one_command(url: str, caller: Caller) -> None:
    workflow = make_workflow(caller, {"name": "count"}, name=f"Count stars {uuid.uuid4().hex[:6]}")
    user = User(url, workflow_path=workflow.name)
    command = workflow.name.lower().replace(" ", "_")
    frames = user.frames(f"run {workflow.name}")
    check_shape(frames)
    assert [frame.data["command_name"] for frame in frames[1:-1:2]] == [command]
    done = user.post("perform_action", action={"command_name": command, "parameters": {}})
    assert (done.json()["success"], done.json()["workflow_name"]) == (True, workflow.name)
    assert len(done.json()["traces"]) == 2


def test_conversations_are_left_summed_up_and_gone_on_with(url: str) -> None:
    user = User(url)
    user.ask("create a todo to rest")
    assert user.conversations()[0]["topic"] == "create a todo to rest"
    assert user.post("new_conversation").json() == {"status": "ok"}
    user.ask("list my todos")
    wait_for(lambda: user.conversations()[-1]["summary"], "a model has summed it up")
    assert [(one["conversation_id"], one["topic"]) for one in user.conversations()] == [
        (2, "list my todos"),
        (1, "create a todo to rest (demo)"),
    ]
    assert [one["conversation_id"] for one in user.conversations(limit=1)] == [2]
    assert user.post("activate_conversation", conversation_id=1).json() == {"status": "ok"}
    turn = user.post("invoke_agent", user_query="complete the first").headers["X-Task-Id"]
    asked = Event.objects.filter(task=turn, kind=Kind.MODEL_STARTED).order_by("seq")[0]
    assert asked.data["messages"] == 4, "its instructions, the first turn's query and answer, this query"
    assert [one["conversation_id"] for one in user.conversations()] == [1, 2]
    assert user.post("post_feedback", binary_or_numeric_score=4.5, nl_feedback="Quick").json() == {"status": "ok"}
    feedback = Feedback.objects.get(turn=turn)
    assert (feedback.score, feedback.text) == (4.5, "Quick")


def test_the_first_turn_of_a_new_user_and_who_needs_no_name(url: str, caller: Caller, stranger_token: str) -> None:
    user = User(url, startup_command="/create a todo to rest")
    assert Todo.objects.get(channel__name=user.name).text == "rest"
    assert user.post("initialize", startup_command="create a todo to rest").json() == {"user_id": user.name}
    assert Todo.objects.filter(channel__name=user.name).count() == 1
    bearer = {"Authorization": f"Bearer {stranger_token}"}
    made = requests.post(f"{url}/initialize", json={}, headers=bearer)
    assert made.json() == {"user_id": "stranger"}
    listed = requests.get(f"{url}/conversations", headers=bearer)
    assert (listed.status_code, listed.json()) == (200, [])
    theirs = requests.get(f"{url}/conversations?user_id={user.name}", headers=bearer)
    assert (theirs.status_code, theirs.json()) == (404, {"detail": f"User session not found: {user.name}"})


def speed_up(agent: Agent) -> None:
    """Of its next turns the ordinary demo model takes care."""
    version = AgentVersion.objects.get(agent=agent)
    version.definition["model"] = "demo"
    version.save(update_fields=["definition"])
