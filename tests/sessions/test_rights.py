"""Who may do what on every route. The routes come from the URL configuration: a new one without a decision fails."""

import uuid
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import pytest
import requests
from django.contrib.auth.models import User

from sessions.callers import Caller, Right
from sessions.models import ApiToken
from sessions.roles import open_group
from tests.factories import (
    make_agent,
    make_cancelled,
    make_channel,
    make_question,
    make_running,
    make_worker,
    make_workflow,
    run_and_cancel,
    talk_and_pause,
    turn_and_complete,
)
from tests.http.asking import EXECUTION, GENERATION
from tests.routes import all_routes
from tests.stack import Stack, wait_for
from tests.streaming.sse import Connection
from workflows import services
from workflows.models import Job, Webhook

OURS = ("workflows.dialects",)
"""The rooms whose routes need a right. Pages for people and the server's own routes decide for themselves."""


OF_A_USER = (
    "initialize", "invoke_agent", "invoke_agent_stream", "invoke_assistant", "perform_action", "new_conversation",
    "conversations", "activate_conversation", "post_feedback",
)  # fmt: skip
"""Routes of the fastWorkflow API, which name a user instead of an id."""

WEBHOOK = {"name": "nobody there", "url": "http://127.0.0.1:9/"}


class Route(NamedTuple):
    method: str
    pattern: str
    right: Right | None

    @property
    def has_id(self) -> bool:
        return "<" in self.pattern

    def path(self, **ids: object) -> str:
        ours = ("task", "workflow", "agent", "webhook", "question")
        names = {f"<str:{name}_id>": name for name in ours} | {"<str:client_id>": "session"}
        path = "/" + self.pattern.replace("<str:number>", "1")
        if "agents/" in path:
            path = path.replace("<str:task_id>", str(ids.get("conversation")))
            # One whose turn is not over is deleted only by who may cancel.
            path = path if "tasks" in path else path.replace("<str:agent_id>", str(ids.get("spare")))
        for placeholder, name in names.items():
            path = path.replace(placeholder, str(ids.get(name)))
        return path


def routes() -> list[Route]:
    return [
        Route(route.method, route.pattern, route.right)
        for route in all_routes()
        if route.view.__module__.startswith(OURS)
    ]


ROUTES = routes()
IDS = ("task", "session", "workflow", "webhook", "question", "agent", "conversation", "spare")


def caller_with(*rights: Right) -> tuple[Caller, str]:
    """A new user of a new group with these rights, and a token."""
    name = f"rights {uuid.uuid4().hex[:8]}"
    user = User.objects.create(username=name)
    group = open_group(name, rights)
    user.groups.add(group)
    row, token = ApiToken.issue(name="tests", user_id=user.pk, group_id=group.pk)
    return Caller(user=user, group=group, via="token", token_id=row.pk), token


def ask(url: str, route: Route, token: str | None, **ids: object) -> requests.Response:
    """Ask as somebody would who wants it to work; the body of a stream is not read."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body: dict[str, Any] | None = None
    if "workflow/" in route.pattern:
        body = EXECUTION if "execute" in route.pattern else GENERATION
    elif route.pattern == "ask-stream" and route.method == "POST":
        body = {"question": "How many?"}
    elif route.pattern in OF_A_USER:
        body = {"user_id": ids.get("user"), "user_query": "list my todos", "conversation_id": 1, "nl_feedback": "Good"}
        body["action"] = {"command_name": "list_todos"}
        if route.pattern == "initialize":
            body = {"user_id": "somebody new"}
    elif route.pattern.endswith("answer"):
        body = {"value": "The blue one."}
    elif route.pattern.endswith("tickets"):
        body = {"stream": f"/stream/{ids['task']}"}
    elif route.pattern.endswith("workflows/mermaid"):
        body = {"workflow_graph": EXECUTION["workflow_graph"]}
    elif route.pattern.endswith("webhooks"):
        body = WEBHOOK
    elif route.pattern.endswith("replay"):
        body = {"task_id": str(ids["task"])}
    elif "agents" in route.pattern:
        body = {"description": "Count"} if "tasks" in route.pattern else {"name": "Counter"}
        body |= {"query": "Count"} if route.pattern.endswith("execute") else {}
        body |= {"instruction": "Count.", "model_id": "demo"} if route.pattern.endswith("agents") else {}
    elif route.method in ("PUT", "PATCH") or route.pattern.endswith("workflows"):
        body = {"name": "Count", "tasks": [{"name": "count"}]}
    path = route.path(**ids)
    if route.method == "GET" and route.pattern in OF_A_USER:
        path += f"?user_id={ids.get('user')}&task_id={ids.get('turn')}"
    if route.pattern == "ask-stream" and route.method == "GET":
        path += f"?task_id={ids.get('asked')}"
    with requests.request(route.method, url + path, headers=headers, json=body, stream=True, timeout=60) as response:
        return response


def things_of(caller: Caller) -> dict[str, object]:
    """An ended task, a question, an open session, a workflow with an ended run, a webhook and an agent with a paused
    turn, by what the routes call them."""
    workflow = make_workflow(caller)
    run_and_cancel(caller, workflow)
    asked, claim = make_running(caller, make_worker())
    question = make_question(asked, claim)
    services.cancel(asked, reason="test")
    agent = make_agent(caller)
    channel = make_channel(caller)
    turn = turn_and_complete(caller, channel)
    channel.refresh_from_db()
    return {
        "task": make_cancelled(caller).pk,
        "asked": make_cancelled(caller, job=Job.ASK).pk,
        "session": services.open_session(caller).pk,
        "workflow": workflow.pk,
        "webhook": webhook_of(caller).pk,
        "question": question.pk,
        "agent": agent.pk,
        "spare": make_agent(caller).pk,
        "conversation": talk_and_pause(caller, agent).thread_id,
        "user": channel.name,
        "turn": turn.pk,
    }


def webhook_of(caller: Caller) -> Webhook:
    """One that hears of nothing, since its receiver is not there. A group may not have many."""
    there = Webhook.objects.visible_to(caller).filter(**WEBHOOK).first()
    return there or services.create_webhook(caller, **WEBHOOK, types=["budget.exceeded"])[0]


def name_of(route: Route) -> str:
    return f"{route.method} /{route.pattern}"


def test_the_routes_are_found() -> None:
    assert len(ROUTES) >= 14


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_every_route_says_which_right_it_needs(route: Route) -> None:
    assert isinstance(route.right, Right)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_nobody_gets_in_without_credentials(guarded_url: str, route: Route) -> None:
    assert ask(guarded_url, route, None, **dict.fromkeys(IDS, uuid.uuid4())).status_code == 401


Belongings = tuple[dict[str, object], str]
"""What belongs to a member, and the member's token."""


def belongings(*rights: Right) -> Belongings:
    caller, token = caller_with(*rights)
    return things_of(caller), token


@pytest.fixture(scope="module")
def unchanged(database: None) -> Callable[..., Belongings]:
    """Of a member with these rights, the same each time: for who is refused, and for who only looks."""
    return cache(belongings)


@pytest.fixture(scope="module")
def theirs(caller: Caller) -> dict[str, object]:
    """What belongs to another group."""
    return things_of(caller)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_a_member_without_the_right_is_told_so(
    guarded_url: str, route: Route, unchanged: Callable[..., Belongings]
) -> None:
    things, token = unchanged(*(right for right in Right if right != route.right))
    assert ask(guarded_url, route, token, **things).status_code == 403


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_a_member_with_the_right_gets_in_and_another_group_sees_nothing(
    guarded_url: str, route: Route, unchanged: Callable[..., Belongings], theirs: dict[str, object]
) -> None:
    assert route.right
    things, token = unchanged(route.right) if route.method == "GET" else belongings(route.right)
    # 400, 409: what has ended cannot be cancelled, nor a paused task paused, which is not about access.
    assert ask(guarded_url, route, token, **things).status_code in (200, 201, 204, 400, 409)
    if (route.method, route.pattern) in (("POST", "initialize"), ("POST", "invoke_agent_stream")):
        return  # The one makes a user; the other answers 200, whatever is wrong, and tells it by a frame.
    names = route.pattern in OF_A_USER or (route.method, route.pattern) == ("GET", "ask-stream")
    if route.has_id or names or route.pattern.endswith("tickets"):
        assert ask(guarded_url, route, token, **theirs).status_code == 404


WAYS_OUT = ["revoke the token", "leave the group", "close the account"]


def lock_out(member: Caller, how: str) -> None:
    if how == "revoke the token":
        ApiToken.objects.filter(pk=member.token_id).update(revoked_at="2026-01-01T00:00:00Z")
    elif how == "leave the group":
        member.user.groups.clear()
    else:
        User.objects.filter(pk=member.user.pk).update(is_active=False)


@pytest.mark.parametrize("how", WAYS_OUT)
def test_an_open_stream_ends_within_a_heartbeat_once_its_caller_is_out(guarded_url: str, how: str) -> None:
    member, token = caller_with(*Right)
    task, _ = make_running(member, make_worker())
    with Connection(f"{guarded_url}/stream/{task.pk}", headers={"Authorization": f"Bearer {token}"}) as reader:
        reader.read_until(b"id: 2\n")
        lock_out(member, how)
        assert reader.read_to_end().endswith(b"0\r\n\r\n")
        assert reader.ids() == [1, 2]
    assert ask(guarded_url, Route("GET", "clients", None), token, task=1, session=1).status_code == 401


@pytest.mark.parametrize("name", ["token", "access_token", "api_key"])
def test_a_token_in_the_address_is_refused_and_not_logged(stack: Stack, guarded_url: str, name: str) -> None:
    _, token = caller_with(*Right)
    response = requests.get(f"{guarded_url}/clients?{name}={token}")
    assert response.status_code == 401
    assert "Authorization" in response.json()["detail"]
    assert token not in stack.log_of("guarded")


def test_runs_are_limited_per_caller_but_not_for_the_local_user(stack: Stack, database: None) -> None:
    process, url = stack.start_web("throttled", LOCAL_ACCESS="1", THROTTLE_RUNS="2/minute")
    _, token = caller_with(*Right)
    route = Route("POST", "stream/workflow/generate", Right.RUN)
    answers = [ask(url, route, token, task=1, session=1) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert [ask(url, route, None, task=1, session=1).status_code for _ in range(3)] == [200, 200, 200]
    process.stop()


def test_open_streams_are_limited_per_caller(stack: Stack, database: None) -> None:
    process, url = stack.start_web("narrow", STREAMS_PER_CALLER="2")
    member, token = caller_with(*Right)
    task, _ = make_running(member, make_worker())
    bearer = {"Authorization": f"Bearer {token}"}
    with (
        Connection(f"{url}/stream/{task.pk}", headers=bearer) as first,
        Connection(f"{url}/stream/{task.pk}", headers=bearer) as second,
    ):
        first.read_until(b"id: 2\n")
        second.read_until(b"id: 2\n")
        refused = requests.get(f"{url}/stream/{task.pk}", headers=bearer)
        assert refused.status_code == 429
        assert "2 streams" in refused.json()["detail"]
        # A page's own feed is a stream like others, and a ticket's connection counts for who asked for the ticket.
        assert requests.get(f"{url}/dashboard/feed", headers=bearer).status_code == 429
        ticket = requests.post(f"{url}/api/v1/tickets", json={"stream": f"/stream/{task.pk}"}, headers=bearer).json()
        assert requests.get(url + ticket["stream_url"]).status_code == 429

    def room_again() -> bool:
        with requests.get(f"{url}/stream/{task.pk}", headers=bearer, stream=True) as response:
            return response.status_code == 200

    wait_for(room_again, "the closed streams no longer count")
    with (
        requests.get(f"{url}/dashboard/feed", headers=bearer, stream=True) as feed,
        Connection(url + ticket["stream_url"]) as before,
    ):
        chunks = feed.iter_content(1)
        next(chunks)
        before.read_until(b"id: 2\n")
        with Connection(url + ticket["stream_url"]) as after:
            assert b" 200 " in after.read_until(b"id: 2\n"), "who comes again with a ticket takes his own place"
            assert requests.get(f"{url}/stream/{task.pk}", headers=bearer).status_code == 429
    wait_for(room_again, "the closed feed no longer counts")
    process.stop()
