"""A caller's model key goes to the model, and nowhere else."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
import requests
from django.conf import settings
from django.db import connection

from tests.http.asking import bearer, generation, unique_goal, wait_for_status
from tests.sessions.recorder import TELLTALE, Recorder
from tests.stack import Stack
from workflows.models import Status, Task


@pytest.fixture
def key() -> str:
    return f"sk-canary-{uuid.uuid4().hex}"


@contextmanager
def all_of_redis() -> Iterator[list[str]]:
    """Every command that Redis is given meanwhile, and at the end every value that it holds."""
    seen: list[str] = []
    watched = redis.Redis.from_url(settings.REDIS_URL)
    mark = uuid.uuid4().hex

    def watch() -> None:
        with watched.monitor() as monitor:  # type: ignore[no-untyped-call]
            ready.set()
            for command in monitor.listen():
                seen.append(command["command"])
                if mark in command["command"]:
                    return

    ready = threading.Event()
    watcher = threading.Thread(target=watch)
    watcher.start()
    assert ready.wait(10)
    try:
        yield seen
    finally:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.echo(mark)
            seen += [repr(client.dump(name)) for name in client.scan_iter()]
        watcher.join(10)
        watched.close()


def rows_with(text: str) -> dict[str, int]:
    """How many rows of which tables hold it, anywhere."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE strpos(row::text, %s) > 0', [text])
            if count := cursor.fetchone()[0]:
                found[table] = count
    return found


@pytest.mark.parametrize(
    ("model", "status"), [("demo", Status.COMPLETED), ("demo-401", Status.FAILED), (TELLTALE, Status.FAILED)]
)
def test_a_key_reaches_the_model_and_nothing_else(
    stack: Stack, guarded_url: str, token: str, recorder: Recorder, key: str, model: str, status: Status
) -> None:
    config = {"model": model, "openai_key": key, "base_url": recorder.url + "/"}
    headers = bearer(token)
    with all_of_redis() as in_redis:
        body = {"goal": unique_goal("Keep it"), "llm_config": config}
        started = requests.post(f"{guarded_url}/stream/workflow/generate", json=body, headers=headers)
        stream = requests.get(guarded_url + started.json()["stream_url"], headers=headers, timeout=60)
        id = started.json()["task_id"]
        answers = [requests.get(f"{guarded_url}/api/v1/tasks/{id}{part}", headers=headers) for part in ("", "/events")]

    task = Task.objects.get(pk=id)
    assert task.status == status
    assert f"Bearer {key}" in recorder.keys
    assert task.had_secrets
    assert task.secrets is None
    assert rows_with(str(task.pk)), "the search finds what is there"
    assert rows_with(key) == {}
    assert any(str(task.pk) in command for command in in_redis), "Redis was watched"
    for place in (*in_redis, started.text, stream.text, *(answer.text for answer in answers)):
        assert key not in place
    for process in stack.processes:
        assert key not in process.log.read_text(), process.name


def test_a_refused_request_does_not_quote_its_key(url: str, key: str) -> None:
    for config in ({"model": 5, "openai_key": key}, {"openai_key": [key]}, {"model": "m", "openai_key": key * 40}):
        response = requests.post(f"{url}/workflow/generate", json={"goal": "Keep it", "llm_config": config})
        assert response.status_code == 422
        assert key not in response.text
    assert rows_with(key) == {}


def test_while_it_is_needed_a_key_is_stored_encrypted(
    guarded_url: str, token: str, recorder: Recorder, key: str
) -> None:
    config = {"model": "demo-hang", "openai_key": key, "base_url": recorder.url}
    body = {"goal": "Keep it", "llm_config": config}
    answer = requests.post(f"{guarded_url}/stream/workflow/generate", json=body, headers=bearer(token)).json()
    task = Task.objects.get(pk=answer["task_id"])
    stored = bytes(task.secrets or b"")
    requests.post(f"{guarded_url}/api/v1/tasks/{task.pk}/cancel", headers=bearer(token))

    assert stored
    assert key.encode() not in stored
    assert rows_with(key) == {}
    task.refresh_from_db()
    assert task.secrets is None


def test_with_the_demo_model_a_key_is_not_even_stored(url: str, key: str) -> None:
    body = {"goal": "Keep it", "llm_config": {"model": "gpt-4o-mini", "openai_key": key}}
    task = Task.objects.get(pk=requests.post(f"{url}/stream/workflow/generate", json=body).json()["task_id"])
    assert not task.had_secrets
    assert task.secrets is None


def test_running_again_needs_the_key_again(guarded_url: str, token: str, recorder: Recorder, key: str) -> None:
    config = {"model": "demo", "openai_key": key, "base_url": recorder.url}
    headers = bearer(token)
    body = {"goal": "Keep it", "llm_config": config}
    first = requests.post(f"{guarded_url}/workflow/generate", json=body, headers=headers, timeout=60)
    task = Task.objects.get(pk=first.headers["X-Task-Id"])
    rerun = f"{guarded_url}/api/v1/tasks/{task.pk}/rerun"

    without = requests.post(rerun, headers=headers)
    assert without.status_code == 409
    assert "openai_key" in without.json()["detail"]
    server = {"url": "http://localhost:1/mcp", "headers": {"X-Other": "no key of a model"}}
    other = requests.post(rerun, headers=headers, json={"mcp_config": {"mcpServers": {"own": server}}})
    assert other.status_code == 409
    assert not Task.objects.filter(rerun_of=task).exists()

    recorder.keys.clear()
    again = requests.post(rerun, headers=headers, json={"llm_config": {"openai_key": f"{key}-2"}})
    assert again.status_code == 201
    wait_for_status(again.json()["task_id"], Status.COMPLETED)
    assert set(recorder.keys) == {f"Bearer {key}-2"}
    assert rows_with(key) == {}


def test_the_servers_own_key_never_goes_to_another_endpoint(guarded_url: str, token: str, recorder: Recorder) -> None:
    recorder.keys.clear()
    body = generation() | {"llm_config": {"model": "demo", "base_url": recorder.url}}
    answer = requests.post(f"{guarded_url}/workflow/generate", json=body, headers=bearer(token), timeout=60)
    assert answer.status_code == 200
    assert set(recorder.keys) == {"Bearer none"}
