"""Questions of real tasks: answered after a restart, while others run, in time or not."""

import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from django.utils import timezone

from sessions.callers import Caller
from tests.engine.graphs import graph_of
from tests.engine.scripted import sub_task
from tests.factories import kinds_of
from tests.stack import Process, Stack, wait_for
from tests.worker.test_executing import data_of, ended, execute
from tests.worker.test_tools import with_tools
from workflows.events import Kind
from workflows.models import Question, Status, Task


class Counter:
    """A page that counts who comes."""

    def __init__(self) -> None:
        visits = self.visits = []

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                visits.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write(b"You were here.")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def counter() -> Iterator[Counter]:
    counted = Counter()
    threading.Thread(target=counted.server.serve_forever, daemon=True).start()
    yield counted
    counted.server.shutdown()
    counted.server.server_close()


def gated(counter: Counter) -> dict[str, Any]:
    graph = with_tools("fetch", confirm_tools=["fetch"])
    graph["goal"] = f"What is at {counter.url}/first?"
    return graph


def question_of(task_id: object) -> Question:
    wait_for(lambda: Task.objects.get(pk=task_id).status == Status.WAITING, "it waits")
    return Question.objects.open().get(task=task_id)


def test_an_approval_after_a_restart_runs_the_tool_once(
    stack: Stack, doomed: tuple[Process, str], caller: Caller, counter: Counter
) -> None:
    worker, url = doomed
    body = {"workflow_graph": gated(counter), "llm_config": {"model": "demo"}}
    task_id = requests.post(f"{url}/stream/workflow/execute", json=body, timeout=60).json()["task_id"]
    question = question_of(task_id)
    assert Task.objects.get(pk=task_id).worker_id is None
    assert counter.visits == []
    worker.stop(signal.SIGKILL)

    path = f"{stack.url}/api/v1/questions/{question.pk}"
    assert requests.get(path).json()["details"]["arguments"] == {"url": f"{counter.url}/first"}
    other = {"arguments": {"url": f"{counter.url}/second"}}
    assert requests.post(f"{path}/approve", json={"arguments": {"uri": 1}}).status_code == 422
    assert requests.post(f"{path}/answer", json={"value": "yes"}).status_code == 409
    assert requests.post(f"{path}/approve", json=other).json()["answered_by"] == "local"
    late = requests.post(f"{path}/reject", json={"reason": "too late"})
    assert (late.status_code, late.json()["detail"]) == (
        409, "local has answered this already: approved with other arguments.",
    )  # fmt: skip
    done = ended(Task.objects.get(pk=task_id))
    assert done.status == Status.COMPLETED, done.error
    assert counter.visits == ["/second"]
    assert "You were here" in done.result["outputs"]["reply"]
    kinds = [kind for kind in kinds_of(done.pk) if kind.startswith(("question", "task.w", "task.r", "tool"))]
    assert kinds == [
        Kind.QUESTION_ASKED, Kind.TASK_WAITING, Kind.QUESTION_ANSWERED, Kind.TASK_REQUEUED, Kind.TOOL_STARTED,
        Kind.TOOL_COMPLETED,
    ]  # fmt: skip
    assert done.model_calls == 2, "what the model had said before was not asked again"


def test_a_rejection_and_a_deadline_are_read_by_the_agent(stack: Stack, caller: Caller, counter: Counter) -> None:
    rejected, expired = execute(caller, gated(counter)), execute(caller, gated(counter))
    path = f"{stack.url}/api/v1/questions/{question_of(rejected.pk).pk}"
    assert requests.post(f"{path}/reject", json={"reason": "not that page"}).status_code == 200
    Question.objects.filter(pk=question_of(expired.pk).pk).update(deadline=timezone.now() - timedelta(seconds=1))
    for task, reason in ((rejected, "not that page"), (expired, "nobody answered in time")):
        assert ended(task).status == Status.COMPLETED
        (completed,) = data_of(task, Kind.TOOL_COMPLETED)
        assert completed["error"] == f"A person did not allow this call: {reason}"
    assert counter.visits == []


def test_an_answer_takes_it_further_while_another_node_runs(stack: Stack, caller: Caller) -> None:
    graph = graph_of(sub_task("ask", ["goal"], ["said"]), sub_task("long", ["goal"], ["end"]))
    graph["nodes"][0]["agents"][0]["tool_names"] = ["ask_person"]
    graph["goal"] = "Use ask_person"
    task = execute(caller, graph, model="demo-slow-3s")
    wait_for(lambda: Question.objects.filter(task=task).exists(), "it asks")
    question = Question.objects.get(task=task)
    assert question.kind == Question.Kind.INPUT
    listed = requests.get(f"{stack.url}/api/v1/tasks/{task.pk}/questions?status=open").json()["results"]
    assert [one["question_id"] for one in listed] == [str(question.pk)]
    path = f"{stack.url}/api/v1/questions/{question.pk}/answer"
    assert requests.post(path, json={"value": 7}).status_code == 422
    choice = question.details["schema"].get("enum", ["The blue one."])[0]
    assert requests.post(path, json={"value": choice}).json()["status"] == "answered"
    done = ended(task)
    assert done.status == Status.COMPLETED, done.error
    (completed,) = data_of(task, Kind.TOOL_COMPLETED)
    assert completed["result"] == choice


def test_other_groups_see_no_questions(stack: Stack, caller: Caller, stranger_token: str, counter: Counter) -> None:
    task = execute(caller, gated(counter))
    question = question_of(task.pk)
    bearer = {"Authorization": f"Bearer {stranger_token}"}
    for method, path in (
        ("GET", ""), ("POST", "/approve"), ("POST", "/reject"), ("POST", "/answer"),
    ):  # fmt: skip
        path = f"{stack.url}/api/v1/questions/{question.pk}{path}"
        assert requests.request(method, path, headers=bearer, json={"value": 1}).status_code == 404
    theirs = requests.get(f"{stack.url}/api/v1/questions", headers=bearer).json()["results"]
    assert str(question.pk) not in str(theirs)
    assert str(question.pk) in requests.get(f"{stack.url}/api/v1/questions?status=open").text
    requests.post(f"{stack.url}/api/v1/tasks/{task.pk}/cancel")
    assert requests.get(f"{stack.url}/api/v1/questions/{question.pk}").json()["status"] == "withdrawn"
