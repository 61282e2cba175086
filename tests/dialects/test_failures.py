"""How a generation that fails looks: as a blocking answer, on its stream, in a session."""

import pytest
import requests

from tests.http.asking import generation, unique_goal, wait_for_status
from tests.streaming.sse import Message, read_stream
from workflows.models import Status, Task

FAILURES = {
    "demo-401": "refused the key",
    "demo-refuse": "",
    "demo-wrong-schema-always": "",
    "demo-bad-json-always": "",
}


@pytest.mark.parametrize(("model", "says"), FAILURES.items())
def test_a_failed_model_is_a_502(url: str, model: str, says: str) -> None:
    response = requests.post(f"{url}/workflow/generate", json=generation(model=model), timeout=60)
    assert response.status_code == 502
    answer = response.json()
    assert answer["success"] is False
    assert says in answer["detail"]
    assert answer["task_id"] == response.headers["X-Task-Id"]
    assert_for_people(answer["detail"])


@pytest.mark.parametrize("model", FAILURES)
def test_a_failed_model_ends_the_stream_with_one_error(url: str, model: str) -> None:
    started = requests.post(f"{url}/stream/workflow/generate", json=generation(model=model)).json()
    messages = read_stream(url + started["stream_url"])
    assert_one_end(messages, "error")
    assert messages[-1].data.keys() == {"status", "error", "timestamp"}
    assert messages[-1].data["status"] == "error"
    assert_for_people(messages[-1].data["error"])


@pytest.mark.parametrize("model", ["demo-401", "demo-wrong-schema-always"])
def test_a_failed_model_is_an_error_in_its_session_which_goes_on(url: str, model: str) -> None:
    client = requests.post(f"{url}/connect").json()
    path = f"{url}/client/{client['client_id']}"
    failed = requests.post(f"{path}/workflow/generate", json=generation(model=model)).json()["task_id"]
    wait_for_status(failed, Status.FAILED)
    good = requests.post(f"{path}/workflow/generate", json=generation()).json()["task_id"]
    wait_for_status(good, Status.COMPLETED)
    requests.delete(path)

    messages = read_stream(url + client["stream_url"])
    ends = [(m.event, m.data["task_id"]) for m in messages if m.event in ("task_error", "task_completed")]
    assert ends == [("task_error", failed), ("task_completed", good)]
    assert messages[-1].event == "session_closed"


@pytest.mark.parametrize("model", ["demo-hang", "demo-slow-5s", "demo-503-always"])
def test_a_timeout_bounds_the_work(url: str, model: str) -> None:
    goal = unique_goal("Count in time")
    response = requests.post(f"{url}/workflow/generate", json=generation(goal, model=model, timeout=0.5))
    assert response.status_code == 504
    assert response.json()["success"] is False
    assert "0.5 seconds" in response.json()["detail"]
    assert Task.objects.get(goal=goal).status == Status.FAILED
    messages = read_stream(f"{url}/stream/{response.headers['X-Task-Id']}")
    assert_one_end(messages, "error")
    assert "larger `timeout`" in messages[-1].data["error"]


def test_a_timeout_that_is_over_at_once_still_ends_the_task(url: str) -> None:
    response = requests.post(f"{url}/workflow/generate", json=generation(timeout=1e-9))
    assert response.status_code == 504


def test_retries_show_as_updates(url: str) -> None:
    body = generation(unique_goal("Count again"), model="demo-cut")
    started = requests.post(f"{url}/stream/workflow/generate", json=body).json()
    messages = read_stream(url + started["stream_url"])
    states = [m.data["current_state"] for m in messages if m.event == "update"]
    assert "The model did not answer; trying again" in states
    assert_one_end(messages, "complete")
    progress = [m.data["progress"] for m in messages if m.event == "update"]
    assert progress == sorted(progress)


def test_rejected_replies_show_as_updates(url: str) -> None:
    started = requests.post(f"{url}/stream/workflow/generate", json=generation(model="demo-wrong-schema")).json()
    messages = read_stream(url + started["stream_url"])
    states = [m.data["current_state"] for m in messages if m.event == "update"]
    assert "The model's reply was not valid; asking again" in states
    assert_one_end(messages, "complete")


@pytest.mark.parametrize("model", ["demo-dirty-json", "demo-no-json-schema", "demo-no-response-format", "demo-nul"])
def test_what_a_model_may_do_wrong_is_put_right(url: str, model: str) -> None:
    response = requests.post(f"{url}/workflow/generate", json=generation(model=model))
    assert response.status_code == 200, response.text
    assert "\\u0000" not in response.text


def assert_one_end(messages: list[Message], name: str) -> None:
    assert [m.event for m in messages if m.event in ("complete", "error")] == [name]
    assert messages[-1].event == name


def assert_for_people(text: str) -> None:
    """Our words, not a library's."""
    assert text[0].isupper()
    assert text[-1] in ".!"
    assert not any(word in text for word in ("Traceback", "openai.", "pydantic", "Exception", "httpx"))
