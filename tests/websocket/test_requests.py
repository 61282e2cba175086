"""What a client asks for over `/ws/`: the views' own answers, under the ids of its own choosing."""

import uuid
from typing import Any

import pytest
import requests

from sessions.callers import Caller
from tests.dialects.fastworkflow import User
from tests.factories import make_question, make_running, make_task, make_worker
from tests.http.asking import generation, task_of, unique_goal, wait_for_event, wait_for_status
from tests.websocket.client import Client
from workflows.events import Kind
from workflows.models import Question, Status, Task
from workflows.websocket.errands import AT_ONCE

NOBODY = str(uuid.uuid4())


def test_ask_follow_and_read_the_result(url: str) -> None:
    with Client(url) as client:
        body = generation(unique_goal("Ask"))
        result = client.ask("ask", id="1", path="/stream/workflow/generate", body=body)
        assert (result["type"], result["status"]) == ("result", 200)
        assert result["body"]["task_id"] == result["task_id"]
        assert client.ask("subscribe", id="2", stream=result["body"]["stream_url"])["type"] == "subscribed"
        client.until_type("ended", "2")
        assert client.frames["2"][-1]["event"] == "complete"


def test_an_answer_that_is_a_stream_becomes_a_subscription(url: str) -> None:
    with Client(url) as client:
        begun = client.ask("ask", id="1", path="/ask-stream", body={"question": "Which region sells most?"})
        assert begun["type"] == "subscribed"
        client.until_type("ended", "1")
        assert client.frames["1"][-1]["data"]["event"]["event_type"] == "completed"
        assert Task.objects.get(pk=begun["task_id"]).status == Status.COMPLETED


def test_a_turn_is_streamed_and_taken_up_again(url: str) -> None:
    user = User(url)
    with Client(url) as client:
        said = {"user_id": user.name, "user_query": "create a todo"}
        begun = client.ask("ask", id="1", path="/invoke_agent_stream", body=said)
        client.until_type("ended", "1")
        again = f"/invoke_agent_stream?task_id={begun['task_id']}"
        client.ask("subscribe", id="2", stream=again, last_event_id=client.ids("1")[0])
        client.until_type("ended", "2")
        assert client.frames["1"][-1]["type"] == "command_output"
        assert client.frames["2"] == client.frames["1"][1:]


def test_an_idempotency_key_finds_the_same_task(url: str) -> None:
    with Client(url) as client:
        asked = {"path": "/stream/workflow/generate", "body": generation(), "idempotency_key": uuid.uuid4().hex}
        first, second = client.ask("ask", id="1", **asked), client.ask("ask", id="2", **asked)
        assert first["task_id"] == second["task_id"]


def test_cancel_gets_through_while_many_calls_wait(url: str) -> None:
    """More than are begun at once; each of them waits for a model that never answers."""
    goals = [unique_goal("Wait") for _ in range(AT_ONCE + 1)]
    with Client(url) as client:
        for goal in goals:
            client.send("ask", id=goal, path="/workflow/generate", body=generation(goal, model="demo-hang"))
        tasks = [task_of(goal) for goal in goals]
        client.send("cancel", id="stop", task_id=str(tasks[0].pk))
        told = {message["id"]: message for message in (client.until(lambda m: "id" in m) for _ in range(2))}
        assert told["stop"]["body"]["status"] == "cancelled"
        assert told[goals[0]]["body"]["task_id"] == str(tasks[0].pk), "its call is over, too"
        assert client.ask("unsubscribe", id=goals[1]) == {"type": "unsubscribed", "id": goals[1]}
        assert wait_for_status(str(tasks[1].pk), Status.CANCELLED), "who gives a blocking call up cancels its task"
    for task in tasks[2:]:
        assert wait_for_status(str(task.pk), Status.CANCELLED), "and so does who goes away"


def test_leaving_does_what_it_does_by_http(url: str) -> None:
    asked, kept = unique_goal("Ask a team"), unique_goal("Ask it")
    with Client(url) as client:
        for question, path in ((asked, "/ask-stream"), (kept, "/ask-stream?keep=true")):
            begun = client.ask("ask", id=question, path=path, body={"question": question, "model": "demo-slow-0.3s"})
            assert begun["type"] == "subscribed"
            wait_for_event(begun["task_id"], Kind.MODEL_STARTED)
    tasks = Task.objects.filter(goal__in=[asked, kept])
    assert wait_for_status(str(tasks.get(goal=asked).pk), Status.CANCELLED)
    assert wait_for_status(str(tasks.get(goal=kept).pk), Status.COMPLETED)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"approve": True, "arguments": {"to": "me"}}, {"approved": True, "arguments": {"to": "me"}}),
        ({"approve": False, "reason": "Not now."}, {"approved": False, "reason": "Not now."}),
    ],
)
def test_questions_are_answered(url: str, caller: Caller, said: dict[str, Any], answer: dict[str, Any]) -> None:
    task, claim = make_running(caller, make_worker())
    question = make_question(task, claim)
    with Client(url) as client:
        result = client.ask("answer", id="1", question_id=str(question.pk), **said)
        assert (result["type"], result["body"]["status"]) == ("result", "answered")
        assert client.ask("answer", id="2", question_id=str(question.pk), value=7)["status"] == 409
    question.refresh_from_db()
    assert answer.items() <= Question.objects.get(pk=question.pk).answer.items()


def test_errors_are_those_of_http(url: str, caller: Caller) -> None:
    ended = requests.post(f"{url}/api/v1/tasks/{make_task(caller).pk}/cancel").json()["task_id"]
    routes = {
        f"/api/v1/tasks/{ended}/cancel": None,
        f"/api/v1/tasks/{NOBODY}/cancel": None,
        "/stream/workflow/generate": {"goal": ""},
        "/ask-stream?team=nobody": {"question": "x"},
        "/ask-stream?keep=perhaps": {"question": "x"},
    }
    with Client(url) as client:
        for number, (path, body) in enumerate(routes.items()):
            by_http = requests.post(url + path, json=body)
            told = client.ask("ask", id=str(number), path=path, **({} if body is None else {"body": body}))
            assert (told["type"], told["status"]) == ("error", by_http.status_code)
            assert told["detail"] == by_http.json()["detail"]


@pytest.mark.parametrize(
    ("message", "status", "says"),
    [
        ("{", 422, "not valid JSON"),
        ("", 422, "Must be one of: subscribe"),
        ("[1]", 422, "must be a JSON object"),
        (b"{}", 422, "this one was binary"),
        ("[" * 5000, 422, "deeper"),
        ('{"type": "ask", "id": "a", "path": "/x", "body": {"goal": "\\u0000"}}', 422, "NUL"),
        ('{"type": "ask", "id": "\\ud800", "path": "/x"}', 422, "surrogate"),
        ('{"type": ["ask"], "id": "a"}', 422, "Must be one of: subscribe"),
        ('{"type": "ask", "path": "/x"}', 422, "required"),
        ('{"type": "ask", "id": 7, "path": "/x"}', 422, "string"),
        ('{"type": "subscribe", "id": "a"}', 422, "Name either"),
        ('{"type": "subscribe", "id": "a", "stream": "/x", "task_id": "y"}', 422, "Name either"),
        ('{"type": "subscribe", "id": "a", "stream": "/api/v1/tasks"}', 404, "No stream"),
        ('{"type": "subscribe", "id": "a", "stream": "/client"}', 404, "No stream"),
        ('{"type": "subscribe", "id": "a", "stream": "/dashboard/feed"}', 404, "No stream"),
        ('{"type": "subscribe", "id": "a", "stream": "https://example.com/stream/x"}', 404, "No stream"),
        ('{"type": "subscribe", "id": "a", "task_id": "../questions"}', 404, "No stream"),
        ('{"type": "subscribe", "id": "a", "task_id": "nonsense"}', 404, "There is no task"),
        ('{"type": "ask", "id": "a", "path": "/admin/logout/"}', 404, "No POST route"),
        ('{"type": "ask", "id": "a", "path": "/questions/x/answer"}', 404, "No POST route"),
        ('{"type": "ask", "id": "a", "path": "/ws/"}', 404, "No POST route"),
        ('{"type": "unsubscribe", "id": "a"}', 404, "Nothing is open"),
        ('{"type": "answer", "id": "a", "question_id": "x", "approve": "yes"}', 422, "true or false"),
        ('{"type": "authenticate", "token": "evo_x"}', 409, "has its caller"),
    ],
)
def test_what_is_wrong_is_said_and_the_connection_stays(
    client: Client, message: str | bytes, status: int, says: str
) -> None:
    client.send_raw(message)
    error = client.until_type("error")
    assert error["status"] == status
    assert says in str(error["detail"])
    # What cannot be read has no id.
    assert error.get("id") == ("a" if '"id": "a"' in str(message) and "\\u" not in str(message) else None)
    assert client.ask("ping", id="still there") == {"type": "pong", "id": "still there"}


@pytest.fixture(scope="module")
def client(url: str) -> Any:
    with Client(url) as client:
        yield client


def test_an_id_that_is_open_is_not_given_twice(url: str, caller: Caller) -> None:
    task, _ = make_running(caller, make_worker())
    with Client(url) as client:
        client.ask("subscribe", id="a", task_id=str(task.pk))
        client.send("subscribe", id="a", task_id=str(task.pk))
        assert client.until_type("error", "a")["status"] == 409
        while client.ids("a") != [1, 2]:  # the first one goes on
            client.receive()
