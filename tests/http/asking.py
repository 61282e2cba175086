"""How tests of the HTTP surface ask: bodies, routes, raw requests, and waiting for what rows say."""

import socket
import uuid
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.engine.graphs import graph_of
from tests.engine.scripted import sub_task
from tests.stack import wait_for
from workflows.events import Kind
from workflows.models import Event, Status, Task

MODEL = "demo"
JSON = {"Content-Type": "application/json"}


class Route(NamedTuple):
    """A route of contract 1 or of the native API. `{task}` and `{session}` stand for ids."""

    method: str
    path: str
    body: dict[str, Any] | None = None

    def at(self, id: object) -> str:
        """The path with this id in it, whatever it is an id of."""
        return self.path.format(task=id, session=id)


GENERATION = {"goal": "Count the sheep", "llm_config": {"model": MODEL}}
EXECUTION = {
    "workflow_graph": graph_of(sub_task("count", ["goal"], ["number"])),
    "llm_config": {"model": MODEL},
}

WITHOUT_ID = [
    Route("POST", "/workflow/generate", GENERATION),
    Route("POST", "/stream/workflow/generate", GENERATION),
    Route("POST", "/workflow/execute", EXECUTION),
    Route("POST", "/stream/workflow/execute", EXECUTION),
    Route("POST", "/workflow/run", GENERATION),
    Route("POST", "/stream/workflow/run", GENERATION),
    Route("POST", "/connect"),
    Route("GET", "/clients"),
    Route("GET", "/api/v1/tasks"),
]
WITH_ID = [
    Route("GET", "/stream/{task}"),
    Route("GET", "/stream/client/{session}"),
    Route("POST", "/client/{session}/workflow/generate", GENERATION),
    Route("POST", "/client/{session}/workflow/execute", EXECUTION),
    Route("POST", "/client/{session}/workflow/run", GENERATION),
    Route("DELETE", "/client/{session}"),
    Route("GET", "/api/v1/tasks/{task}"),
    Route("GET", "/api/v1/tasks/{task}/events"),
    Route("GET", "/api/v1/tasks/{task}/events/stream"),
    Route("POST", "/api/v1/tasks/{task}/cancel"),
    Route("POST", "/api/v1/tasks/{task}/rerun"),
]
GENERATING = ["/workflow/generate", "/stream/workflow/generate"]


def generation(goal: str = "Count the sheep", *, model: str = MODEL, **more: Any) -> dict[str, Any]:
    """A body for the generating routes."""
    return {"goal": goal, "llm_config": {"model": model}, **more}


def unique_goal(words: str) -> str:
    """A goal that no other test asks for, so that its task can be found."""
    return f"{words} {uuid.uuid4().hex[:8]}"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def connect(url: str) -> socket.socket:
    """A connection to the server, for requests that no HTTP library would send."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=60)


def post_head(path: str, *headers: str) -> bytes:
    """The head of a POST with a JSON body and these further header lines."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_to(url: str, request: bytes) -> bytes:
    """What comes back for these bytes, until the server closes. Ask it to, with `Connection: close`."""
    with connect(url) as connection:
        connection.sendall(request)
        received = b""
        while data := connection.recv(65536):
            received += data
    return received


def task_of(goal: str) -> Task:
    """The task with that goal, once its row is there."""
    task: Task = wait_for(lambda: Task.objects.filter(goal=goal).first(), f"there is a task {goal!r}")
    return task


def wait_for_status(task_id: uuid.UUID | str, *statuses: Status) -> Task:
    """The task, once it has one of these statuses."""
    asked = Task.objects.filter(pk=task_id, status__in=statuses)
    task: Task = wait_for(asked.first, f"task {task_id} is {' or '.join(statuses)}")
    return task


def wait_for_event(task_id: uuid.UUID | str, kind: Kind) -> None:
    """Until the task has told an event of this kind."""
    wait_for(Event.objects.filter(task_id=task_id, kind=kind).exists, f"task {task_id} tells {kind}")
