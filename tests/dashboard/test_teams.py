"""A question to a team, on the page of its task."""

import requests

from tests.dashboard.pages import Pages
from tests.factories import kinds_of, make_team
from tests.http.asking import wait_for_status
from tests.stack import READY_SECONDS, wait_for
from tests.streaming.sse import read_stream
from workflows.events import Kind
from workflows.models import Status, Task


def test_a_question_runs_again_from_where_it_was_cancelled(pages: Pages, url: str) -> None:
    team = make_team(model="demo-slow-0.3s")
    asked = {"question": "Generate a monthly business report"}
    ask = f"{url}/ask-stream?keep=true&team={team.name}"
    with requests.post(ask, json=asked, stream=True, timeout=READY_SECONDS) as response:
        id = response.headers["X-Task-Id"]
        wait_for(lambda: kinds_of(id).count(Kind.TEAM_MESSAGE) >= 2, "two have spoken")
    assert pages.post(f"/tasks/{id}/cancel").status_code == 302
    task = wait_for_status(id, Status.CANCELLED)
    assert "Run again" in pages.get(f"/tasks/{id}/").text
    settled = task.steps.count()

    assert pages.post(f"/tasks/{id}/rerun").status_code == 302

    again = Task.objects.get(rerun_of=task)
    done = read_stream(f"{url}/ask-stream?task_id={again.pk}")[-1].data["event"]
    assert done["event_type"] == "completed"
    assert "Total revenue: " in done["data"]["final_response"]
    again.refresh_from_db()
    calls = again.steps.filter(kind="model")
    assert again.model_calls == calls.count() - task.steps.filter(kind="model").count() < calls.count()
    assert again.steps.count() > settled
    assert kinds_of(again.pk).count(Kind.TEAM_MESSAGE) == 7
