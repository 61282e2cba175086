"""Log lines say what they belong to."""

import json
import logging
from typing import Any

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured

from evoserver.logs import STREAM_EVENTS, JsonFormatter, Trace, logging_config, read_levels
from sessions import trace
from tests.http.asking import generation, unique_goal, wait_for_status
from tests.stack import Stack, wait_for
from workflows.models import Status


def record(message: str, *args: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("test", logging.INFO, __file__, 1, message, args, more.get("exc_info"))
    Trace().filter(made)
    return made


def test_a_line_of_json_carries_the_ids_and_the_traceback() -> None:
    trace.begin(request="r1")
    trace.note(task="t1", session=None)
    try:
        raise ValueError("broken\nin two")
    except ValueError as error:
        line = JsonFormatter().format(record("a %s", "thing", exc_info=(type(error), error, error.__traceback__)))
    trace.begin()
    assert "\n" not in line
    told = json.loads(line)
    assert (told["message"], told["level"], told["request"], told["task"]) == ("a thing", "INFO", "r1", "t1")
    assert "session" not in told
    assert "ValueError: broken" in told["traceback"]


def test_a_line_for_people_ends_with_the_ids() -> None:
    trace.begin(request="r1", task="t1")
    format = logging_config("INFO")["formatters"]["line"]["format"]
    assert logging.Formatter(format).format(record("done")).endswith(" - test - INFO - done request=r1 task=t1")
    trace.begin()
    assert logging.Formatter(format).format(record("done")).endswith(" - test - INFO - done")


@pytest.mark.parametrize(("level", "format"), [("LOUD", "json"), ("INFO", "yaml")])
def test_names_that_are_none_are_refused_at_start(level: str, format: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        logging_config(level, format)


def test_a_request_gets_an_id_or_keeps_its_own(url: str) -> None:
    assert requests.get(f"{url}/health", headers={"X-Request-ID": "from-proxy_1.2"}).headers["X-Request-ID"] == (
        "from-proxy_1.2"
    )
    for insane in ("a b", "x" * 65, "naïve".encode("latin-1").decode("latin-1"), ""):
        given = requests.get(f"{url}/health", headers={"X-Request-ID": insane}).headers["X-Request-ID"]
        assert len(given) == 32
    assert "X-Request-ID" in requests.get(f"{url}/nothing").headers


def test_a_workers_lines_carry_the_task_its_session_and_its_caller(stack: Stack, url: str) -> None:
    session = requests.post(f"{url}/connect").json()["client_id"]
    answer = requests.post(f"{url}/client/{session}/workflow/generate", json=generation(unique_goal("Tell me")))
    task = wait_for_status(answer.json()["task_id"], Status.COMPLETED)
    ids = f"task={task.pk} session={session} caller={task.owner_id}@{task.group_id}"
    wait_for(lambda: f"task {task.pk} completed {ids}" in stack.log_of("worker"), "the worker's log tells of the task")


def test_a_servers_lines_can_be_json(stack: Stack) -> None:
    process, url = stack.start_web("telling", LOG_FORMAT="json")
    for _ in range(2):
        requests.get(f"{url}/health")
    process.stop()
    lines = stack.log_of("telling").splitlines()
    assert lines
    assert all(json.loads(line)["level"] for line in lines)


def test_single_loggers_have_levels_of_their_own() -> None:
    config = logging_config("INFO", levels=read_levels(["stream_events=debug", "workflows=ERROR"]))
    assert config["loggers"][STREAM_EVENTS]["level"] == "DEBUG"
    assert config["loggers"][STREAM_EVENTS]["handlers"] == ["stream"]
    assert config["loggers"]["workflows"] == {"level": "ERROR"}
    line = logging.Formatter(config["formatters"]["stream"]["format"]).format(record("begins"))
    assert line.endswith(" - STREAM - INFO - begins")
    for wrong in ("stream_events", "stream_events=LOUD", "=DEBUG"):
        with pytest.raises(ImproperlyConfigured):
            read_levels([wrong])
