"""The AutoGen API as its clients use it."""

import gzip
import json
import re
import shutil
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import requests
from django.contrib.auth.models import Group

from tests.factories import kinds_of, make_cancelled, make_team
from tests.stack import Stack, wait_for
from tests.streaming.sse import Message, parse
from workflows.dialects.autogen.envelopes import SYSTEM, envelope, fitting
from workflows.events import Kind
from workflows.models import Job, Status, Task

QUESTION = "Generate a monthly business report for our sales performance"


def ask(url: str, question: str = QUESTION, **options: Any) -> requests.Response:
    return requests.post(f"{url}/ask-stream", json={"question": question}, timeout=60, **options)


def events_of(response: requests.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    return [message.data["event"] for message in parse(response.text)]


def check_shape(messages: list[Message]) -> None:
    """What the contract says of every frame, and of all of them together."""
    for message in messages:
        assert list(message.data["event"]) == ["event_type", "timestamp", "agent_name", "message", "data"]
        assert message.data["event"]["agent_name"]
        assert len(message.raw) <= 16_384
        assert message.raw.isascii()
        assert "event: " not in message.raw
    events = [message.data["event"] for message in messages]
    types = [event["event_type"] for event in events]
    assert types.index("started") == 0
    assert types.count("started") == 1
    assert sum(type in ("completed", "error") for type in types) == 1
    assert types[-1] in ("completed", "error")
    progress = [event["data"]["progress"] for event in events]
    assert progress == sorted(progress)


def test_the_documents_question_is_answered_with_the_figures_of_the_database(url: str) -> None:
    response = ask(url)
    check_shape(list(parse(response.text)))
    events = events_of(response)
    assert {event["data"]["progress"] for event in events} == {0, 25, 50, 75, 100}
    spoke = [event["agent_name"] for event in events if event["event_type"] == "agent_response"]
    assert [name for name in spoke if name != "PlanningAgent"] == ["DataAgent", "AnalystAgent", "ReportAgent"]
    called = [event["data"]["tool_name"] for event in events if event["event_type"] == "tool_execution"]
    assert called == ["business_query", "calculator", "calculator"]
    figures = next(event for event in events if event["message"].startswith("Figures"))["message"]
    revenue = [int(float(line.split(" | ")[-1].strip(" |")) * 100 + 0.5) for line in figures.splitlines()[3:]]
    done = events[-1]["data"]
    assert len(revenue) == 12
    assert f"Total revenue: {sum(revenue) // 100}.{sum(revenue) % 100:02}" in done["final_response"]
    assert f"{(revenue[-1] - revenue[-2]) / revenue[-2] * 100:+.1f} %" in done["final_response"]
    assert "TERMINATE" not in done["final_response"]
    assert done["total_messages"] == 8
    assert done["response_length"] == len(done["final_response"])
    assert done["stop_reason"] == "Text 'TERMINATE' mentioned"


def test_it_is_replayed_by_id_filtered_and_as_lines(url: str) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    question = "What does TERMINATE do to sales by region?"
    asked = ask(url, question, headers=key)
    task = asked.headers["X-Task-Id"]
    assert ask(url, question, headers=key).text == asked.text, "the same question, and not a second one"
    frames = list(parse(asked.text))
    assert frames[-1].data["event"]["event_type"] == "completed"
    again = requests.get(f"{url}/ask-stream?task_id={task}")
    assert again.text == asked.text
    behind = requests.get(f"{url}/ask-stream?task_id={task}", headers={"Last-Event-ID": str(frames[3].id)})
    assert [message.raw for message in parse(behind.text)] == [message.raw for message in frames[4:]]
    at_end = requests.get(f"{url}/ask-stream?task_id={task}&last_event_id={frames[-1].id}")
    assert at_end.status_code == 204
    some = events_of(requests.get(f"{url}/ask-stream?task_id={task}&types=agent_response"))
    assert {event["event_type"] for event in some} == {"agent_response", "completed"}
    lines = requests.get(f"{url}/ask-stream?task_id={task}", headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line)["data"] for line in lines.text.split("\n") if line] == [one.data for one in frames]
    stream = f"/ask-stream?task_id={task}&types=completed"
    ticket = requests.post(f"{url}/api/v1/tickets", json={"stream": stream}).json()
    assert [event["event_type"] for event in events_of(requests.get(url + ticket["stream_url"]))] == ["completed"]
    for no_stream in ("/test-stream", "/client", "/ask-stream"):
        assert requests.post(f"{url}/api/v1/tickets", json={"stream": no_stream}).status_code in (404, 422)
    reset = events_of(requests.get(f"{url}/ask-stream?task_id={task}&last_event_id=99999"))[0]
    assert (reset["event_type"], reset["agent_name"], reset["data"]["first_id"]) == ("reset", "System", 1)


def test_ten_askers_at_once_see_only_their_own(url: str) -> None:
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda number: ask(url, f"Report number {number} of sales"), range(10)))
    for number, answer in enumerate(answers):
        check_shape(list(parse(answer.text)))
        assert set(re.findall(r"Report number (\d)", answer.text)) == {str(number)}


def test_a_team_that_never_ends_stops_at_its_most_messages(url: str) -> None:
    team = make_team(termination="")
    done = events_of(ask(url, params={"team": team.name}))[-1]
    assert done["data"]["stop_reason"] == "Maximum number of messages 40 reached"
    assert done["data"]["total_messages"] == 40


def test_a_model_that_fails_is_an_error_and_so_is_the_time_limit(url: str) -> None:
    failed = ask(url, params={"team": make_team(model="demo-401").name})
    check_shape(list(parse(failed.text)))
    assert "refused the key" in events_of(failed)[-1]["data"]["error"]
    late = ask(url, params={"team": make_team(model="demo-hang", time_limit_s=1).name})
    assert events_of(late)[-1]["event_type"] == "error"
    assert "1 seconds" in events_of(late)[-1]["message"]


@pytest.mark.parametrize("keep", [False, True])
def test_who_leaves_withdraws_the_question_unless_it_is_kept(url: str, keep: bool) -> None:
    team = make_team(model="demo-hang")
    path = f"{url}/ask-stream?team={team.name}{'&keep=true' if keep else ''}"
    with requests.post(path, json={"question": "Why?"}, stream=True) as response:
        task = response.headers["X-Task-Id"]
        wait_for(lambda: Kind.MODEL_STARTED in kinds_of(task), "it is under way")
    if keep:
        with requests.get(f"{url}/ask-stream?task_id={task}", stream=True) as again:
            next(again.iter_content(100))
        assert Task.objects.get(pk=task).status == Status.RUNNING
        requests.post(f"{url}/api/v1/tasks/{task}/cancel")
    wait_for(lambda: Task.objects.get(pk=task).status == Status.CANCELLED, "it is withdrawn")


def test_bad_questions_and_unknown_teams_are_refused(url: str, caller: Any, stranger_token: str) -> None:
    for question in ("", "  \n ", "x" * 10_001, "x" * 11_000, 5, None):
        refused = requests.post(f"{url}/ask-stream", json={"question": question})
        assert refused.status_code == 422
        assert refused.json()["detail"][0]["loc"] == ["body", "question"]
    assert ask(url, " " + "x" * 10_000 + " ").status_code == 200, "trimmed before it is measured"
    assert ask(url, params={"team": "nobody"}).json() == {"detail": "There is no team 'nobody'."}
    theirs = make_team(group=Group.objects.get(name="strangers"))
    assert ask(url, params={"team": theirs.name}).status_code == 404
    assert ask(url, params={"team": make_team(is_active=False).name}).status_code == 404
    assert requests.get(f"{url}/ask-stream").status_code == 422
    other = make_cancelled(caller)
    assert "asks no team" in requests.get(f"{url}/ask-stream?task_id={other.pk}").json()["detail"]
    own = make_cancelled(caller, job=Job.ASK)
    bearer = {"Authorization": f"Bearer {stranger_token}"}
    assert requests.get(f"{url}/ask-stream?task_id={own.pk}", headers=bearer).status_code == 404


def test_bodies_may_be_packed_and_bombs_are_refused(url: str) -> None:
    def post(body: bytes, packing: str = "gzip") -> requests.Response:
        headers = {"Content-Type": "application/json", "Content-Encoding": packing}
        return requests.post(f"{url}/ask-stream", data=body, headers=headers, timeout=60)

    body = json.dumps({"question": "Sales by region? " + "x" * 5_000}).encode()
    assert events_of(post(gzip.compress(body)))[-1]["event_type"] == "completed"
    bomb = gzip.compress(b'{"question": "' + b" " * 50_000_000 + b'"}')
    assert len(bomb) < 100_000
    assert post(bomb).status_code == 413
    assert post(b"no gzip").json()["detail"][0]["msg"] == "The body is not valid gzip."
    assert post(gzip.compress(body)[:-20]).json()["detail"][0]["msg"] == "The gzip body ends too early."
    assert post(body, "br").status_code == 415


def test_the_test_stream_needs_no_model_and_says_what_it_is(url: str) -> None:
    before = Task.objects.count()
    response = requests.get(f"{url}/test-stream")
    check_shape(list(parse(response.text)))
    assert response.headers["Content-Type"] == "text/event-stream"
    assert all(event["message"].startswith("Test: ") for event in events_of(response))
    assert Task.objects.count() == before


def test_the_streams_are_logged(stack: Stack, url: str) -> None:
    task = ask(url).headers["X-Task-Id"]
    begun = re.compile(rf"^\S+ \S+ - STREAM - INFO - Stream of {task} begins", re.MULTILINE)
    assert begun.search(stack.log_of("web"))
    wait_for(lambda: f"Stream of {task} ended" in stack.log_of("web"), "its end is logged")


async def test_the_documents_python_client_runs(url: str) -> None:
    """As it is printed, but for the address."""
    said = []
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/ask-stream", json={"question": "Generate a sales report"}) as response,
    ):
        async for line in response.content:
            text = line.decode("utf-8").strip()
            if text.startswith("data: "):
                event = json.loads(text[6:])
                said.append(f"{event['event']['agent_name']}: {event['event']['message']}")
    assert said[0] == "System: The question is with the team"
    assert said[-1] == "System: The team has answered"


@pytest.mark.skipif(not shutil.which("curl"), reason="this machine has no curl")
def test_the_documents_curl_runs(url: str) -> None:
    command = f"""curl -N -X POST {url}/ask-stream \\
     -H "Content-Type: application/json" \\
     -d '{{"question": "Generate a business report"}}'"""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert '"event_type":"completed"' in done.stdout


def test_a_frame_keeps_its_size_whatever_is_in_it() -> None:
    at = datetime.now(UTC)
    for text in ("x" * 100_000, "😀" * 20_000, "\x01" * 20_000):
        made = envelope("agent_response", at, SYSTEM, text, {"progress": 50, "parameters": {"a": text}})
        assert len(json.dumps(made)) < 16_384
        assert made["event"]["data"]["truncated"] is True
        assert made["event"]["message"].endswith("…")
        assert len(json.dumps(fitting(text, 1_000))) <= 1_000
    assert fitting("short", 1_000) == "short"
