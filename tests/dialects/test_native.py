"""`/api/v1/tasks`: lists and pages, events, cancelling, running again."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User

from sessions.callers import Caller
from sessions.models import ApiToken
from sessions.roles import open_group
from tests.factories import make_task
from tests.http.asking import WITH_ID, Route, bearer, generation, unique_goal, wait_for_event, wait_for_status
from tests.stack import Stack
from tests.streaming.sse import read_stream
from workflows import services
from workflows.events import Kind
from workflows.exceptions import ModelFailed
from workflows.models import Status, Step, Task


@pytest.fixture(scope="module")
def api(url: str) -> str:
    return f"{url}/api/v1/tasks"


@pytest.fixture(scope="module")
def lister(database: None) -> Caller:
    """Somebody whose group has exactly the tasks of `listed`."""
    user, _ = User.objects.get_or_create(username="lister")
    group = open_group("listers")
    user.groups.add(group)
    return Caller(user=user, group=group, via="token")


@pytest.fixture(scope="module")
def headers(lister: Caller) -> dict[str, str]:
    return bearer(ApiToken.issue(name="lister", user_id=lister.user.pk, group_id=lister.group_id)[1])


@pytest.fixture(scope="module")
def listed(lister: Caller) -> list[str]:
    """Seven ended tasks, newest first: the even ones cancelled, the odd ones failed."""
    session = services.open_session(lister)
    tasks = [make_task(lister, f"Goal {number}", session=session if number < 2 else None) for number in range(7)]
    for number, task in enumerate(tasks):
        if number % 2:
            services.fail(task, ModelFailed("It is only a test."))
        else:
            services.cancel(task, reason="it is only a test")
    return [str(task.pk) for task in reversed(tasks)]


def listing(api: str, headers: dict[str, str], **query: Any) -> list[str]:
    response = requests.get(api, headers=headers, params=query)
    assert response.status_code == 200, response.text
    return [task["task_id"] for task in response.json()["results"]]


def pages(address: str | None, headers: dict[str, str], direction: str) -> Iterator[list[str]]:
    while address:
        page = requests.get(address, headers=headers).json()
        yield [task["task_id"] for task in page["results"]]
        address = page[direction]


def test_the_list_is_newest_first(api: str, headers: dict[str, str], listed: list[str]) -> None:
    assert listing(api, headers) == listed


def test_filters(api: str, headers: dict[str, str], listed: list[str]) -> None:
    assert listing(api, headers, status="failed") == listed[1::2]
    assert listing(api, headers, status="cancelled") == listed[0::2]
    assert listing(api, headers, status=["failed", "cancelled"]) == listed
    assert listing(api, headers, status="running") == []
    assert listing(api, headers, job="workflow_generation") == listed
    assert listing(api, headers, q="goal 3") == [listed[3]]
    assert listing(api, headers, q="GOAL", status="failed") == listed[1::2]
    session = Task.objects.get(pk=listed[-1]).session_id
    assert listing(api, headers, session_id=session) == listed[-2:]
    assert listing(api, headers, session_id=uuid.uuid4()) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_paging_shows_each_task_once_in_both_directions(
    api: str, headers: dict[str, str], listed: list[str], size: int
) -> None:
    forth = list(pages(f"{api}?page_size={size}", headers, "next"))
    assert [task for page in forth for task in page] == listed
    assert all(len(page) <= size for page in forth)

    last = f"{api}?page_size={size}"
    while following := requests.get(last, headers=headers).json()["next"]:
        last = following
    back = list(pages(last, headers, "previous"))
    assert [task for page in reversed(back) for task in page] == listed


def test_a_new_task_does_not_shift_the_next_page(
    api: str, headers: dict[str, str], listed: list[str], lister: Caller, stranger: Caller
) -> None:
    first = requests.get(f"{api}?page_size=3", headers=headers).json()
    late = make_task(lister, "Late")
    second = requests.get(first["next"], headers=headers).json()
    Task.objects.filter(pk=late.pk).update(group=stranger.group)
    assert [task["task_id"] for task in second["results"]] == listed[3:6]


@pytest.mark.parametrize(
    "query",
    [
        "status=done", "status=completed&status=x", "job=paint", "session_id=mine", "page_size=0", "page_size=501",
        "page_size=x", "cursor=mine", "cursor=cD0x", "cursor=cD0lMDA%3D", "cursor=bz0tMQ%3D%3D", "q=%00",
        "q=" + "x" * 201, "session_id=", "job=", "status=", "page_size=",
    ],
)  # fmt: skip
def test_a_bad_query_is_refused(api: str, query: str) -> None:
    response = requests.get(f"{api}?{query}")
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]


@pytest.fixture(scope="module")
def finished(url: str) -> str:
    return requests.post(f"{url}/workflow/generate", json=generation()).headers["X-Task-Id"]


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_paging_through_the_events_gives_what_the_stream_gives(api: str, finished: str, limit: int) -> None:
    events: list[dict[str, Any]] = []
    after, more = 0, True
    while more:
        page = requests.get(f"{api}/{finished}/events", params={"after": after, "limit": limit}).json()
        events += page["events"]
        after, more = page["last_seq"], page["has_next"]

    stream = read_stream(f"{api}/{finished}/events/stream")
    assert events == [message.data for message in stream]
    assert [event["seq"] for event in events] == [message.id for message in stream] == list(range(1, len(events) + 1))
    assert [event["kind"] for event in events] == [message.event for message in stream]


@pytest.mark.parametrize(
    "query", ["after=", "after=-1", "after=x", "after=1.5", "after=" + "9" * 30, "limit=0", "limit=1001"]
)
def test_a_bad_page_of_events_is_refused(api: str, finished: str, query: str) -> None:
    response = requests.get(f"{api}/{finished}/events?{query}")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]


def test_after_the_last_event_there_is_nothing(api: str, finished: str) -> None:
    assert requests.get(f"{api}/{finished}/events?after=9999").json() == {
        "events": [],
        "last_seq": 9999,
        "has_next": False,
    }


def test_cancelling_ends_the_task_and_its_stream(url: str, api: str) -> None:
    task = requests.post(f"{url}/stream/workflow/generate", json=generation(model="demo-hang")).json()["task_id"]
    answer = requests.post(f"{api}/{task}/cancel")
    assert answer.status_code == 200
    assert answer.json()["status"] == "cancelled"
    assert answer.json()["ended_at"]
    assert read_stream(f"{api}/{task}/events/stream")[-1].data["data"]["reason"] == "cancelled by local"
    (error,) = [message for message in read_stream(f"{url}/stream/{task}") if message.event == "error"]
    assert error.data["error"] == "The task was cancelled: cancelled by local."


def test_what_has_ended_cannot_be_cancelled(url: str, api: str, finished: str) -> None:
    before = requests.get(f"{api}/{finished}").json()
    answer = requests.post(f"{api}/{finished}/cancel")
    assert answer.status_code == 409
    assert "already ended" in answer.json()["detail"]
    assert requests.get(f"{api}/{finished}").json() == before


def test_a_running_task_cannot_run_again(url: str, api: str) -> None:
    task = requests.post(f"{url}/stream/workflow/generate", json=generation(model="demo-hang")).json()["task_id"]
    answer = requests.post(f"{api}/{task}/rerun")
    requests.post(f"{api}/{task}/cancel")
    assert answer.status_code == 409
    assert "Cancel it first" in answer.json()["detail"]
    assert not Task.objects.filter(rerun_of=task).exists()


def test_running_again_is_a_new_task_from_nothing(api: str, finished: str) -> None:
    answer = requests.post(f"{api}/{finished}/rerun")
    assert answer.status_code == 201
    again = answer.json()
    assert answer.headers["X-Task-Id"] == again["task_id"] != finished
    assert answer.headers["Location"] == f"/api/v1/tasks/{again['task_id']}"
    assert again["rerun_of_id"] == finished
    new, old = wait_for_status(again["task_id"], Status.COMPLETED), Task.objects.get(pk=finished)
    assert new.result == old.result
    assert new.model_calls == old.model_calls > 1


@pytest.mark.parametrize("ending", ["failed", "cancelled"])
def test_a_rerun_pays_for_nothing_twice(stack: Stack, url: str, api: str, ending: str) -> None:
    """A task that ended after its plan runs again without asking for a plan."""
    goal = unique_goal(f"Count what {ending}")
    body = generation(goal, model="demo-slow-0.5s")
    task_id = requests.post(f"{url}/stream/workflow/generate", json=body).json()["task_id"]
    wait_for_event(task_id, Kind.PLAN_COMPLETED)
    task = Task.objects.get(pk=task_id)
    if ending == "failed":
        services.fail(task, ModelFailed("It is only a test."))
    else:
        requests.post(f"{api}/{task_id}/cancel")
    settled = Step.objects.filter(task=task).count()

    again = requests.post(f"{api}/{task_id}/rerun").json()["task_id"]
    new = wait_for_status(again, Status.COMPLETED)

    nodes = len(new.result["workflow_graph"]["nodes"])
    assert settled >= 1
    assert new.model_calls == 1 + nodes - settled
    calls = requests.get(f"http://127.0.0.1:{stack.demo_port}/calls", params={"goal": goal}).json()["calls"]
    assert [call["started"] for call in calls if call["schema_name"] == "workflow_plan"] == [1]


@pytest.mark.parametrize(
    "body", [b"x", b"[]", b'{"llm_config": {}}', b'{"llm_config": {"openai_key": 5}}', b'{"llm_config": 5}']
)
def test_a_bad_rerun_is_refused(api: str, finished: str, body: bytes) -> None:
    before = Task.objects.count()
    response = requests.post(f"{api}/{finished}/rerun", data=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["loc"][0] == "body"
    assert Task.objects.count() == before


@pytest.mark.parametrize("route", WITH_ID, ids=lambda route: f"{route.method} {route.path}")
def test_another_groups_object_is_not_there(url: str, stranger_token: str, finished: str, route: Route) -> None:
    session = requests.post(f"{url}/connect").json()["client_id"]
    path = route.path.format(task=finished, session=session)
    response = requests.request(route.method, url + path, json=route.body, headers=bearer(stranger_token))
    unknown = requests.request(route.method, url + route.at(uuid.UUID(int=0)), json=route.body)
    assert response.status_code == unknown.status_code == 404
    here = finished if "{task}" in route.path else session
    assert response.json()["detail"] == unknown.json()["detail"].replace(str(uuid.UUID(int=0)), here)


def test_the_list_holds_no_other_groups_tasks(api: str, stranger_token: str, finished: str) -> None:
    assert finished not in listing(api, bearer(stranger_token), page_size=500)
    assert finished in listing(api, {}, page_size=500)
