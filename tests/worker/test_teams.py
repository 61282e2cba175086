"""A team whose worker is killed: the next one goes on with the turn that was under way."""

import signal

import requests

from tests.factories import kinds_of, make_team
from tests.stack import Process, Stack, wait_for
from tests.streaming.sse import read_stream
from workflows.events import Kind


def test_what_was_said_before_a_kill_is_not_said_again(stack: Stack, doomed: tuple[Process, str]) -> None:
    worker, url = doomed
    team = make_team(model="demo-slow-0.4s")
    asked = {"question": "Generate a monthly business report"}
    with requests.post(f"{url}/ask-stream?keep=true&team={team.name}", json=asked, stream=True) as response:
        task = response.headers["X-Task-Id"]
        wait_for(lambda: kinds_of(task).count(Kind.TEAM_MESSAGE) >= 2, "two have spoken")
        worker.stop(signal.SIGKILL)

    events = [message.data["event"] for message in read_stream(f"{stack.url}/ask-stream?task_id={task}")]

    kinds = kinds_of(task)
    assert kinds.count(Kind.TASK_REQUEUED) == 1
    assert kinds.count(Kind.TEAM_STARTED) == 1
    assert kinds.count(Kind.TEAM_MESSAGE) == kinds.count(Kind.TEAM_SPEAKER_SELECTED) == 7
    assert [event["event_type"] for event in events].count("started") == 1
    assert events[-1]["event_type"] == "completed"
    assert "Total revenue: " in events[-1]["data"]["final_response"]
    told = read_stream(f"{stack.url}/api/v1/tasks/{task}/events/stream?types=model.completed,tool.completed")
    calls = [message.data["data"]["call"] for message in told[:-1]]
    assert len(calls) == len(set(calls)), "no settled call was made again"
    progress = [event["data"]["progress"] for event in events]
    assert progress == sorted(progress)
