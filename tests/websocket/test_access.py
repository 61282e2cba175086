"""Who may open `/ws/`, and what becomes of those who no longer may."""

from collections.abc import Iterator

import pytest
import requests

from sessions.callers import Caller, Right
from tests.factories import make_running, make_task, make_worker
from tests.http.asking import bearer
from tests.login import session_of
from tests.sessions.test_rights import WAYS_OUT, caller_with, lock_out
from tests.stack import Stack
from tests.websocket.client import Client

APP = "https://app.example"
STREAMS = 6


@pytest.fixture(scope="module")
def guarded(stack: Stack) -> Iterator[str]:
    """A web process without local access, where pages of one more origin may call, and few streams may be open."""
    process, url = stack.start_web(
        "guarded-sockets", LOCAL_ACCESS="0", CORS_ALLOWED_ORIGINS=APP, STREAMS_PER_CALLER=str(STREAMS)
    )
    yield url
    process.stop()


@pytest.fixture(scope="module")
def member() -> tuple[Caller, str]:
    return caller_with(*Right)


def who(client: Client) -> str:
    return str(client.until_type("ready")["user"])


def refusal(client: Client) -> int:
    """The code of a connection that is closed with its reason."""
    code, reason = client.closing()
    error = client.messages[-1]
    assert (error["type"], 4000 + error["status"]) == ("error", code)
    assert reason
    assert error["detail"].startswith(reason)
    return code


def test_a_token_comes_in_a_header_or_as_the_first_message(guarded: str, member: tuple[Caller, str]) -> None:
    caller, token = member
    with Client(guarded, bearer(token)) as client:
        assert who(client) == caller.user.username
    with Client(guarded) as client:
        client.send("subscribe", id="a", task_id="x")
        assert client.until_type("error", "a")["status"] == 401
        client.send("authenticate", token=token)
        assert who(client) == caller.user.username
        assert client.ask("subscribe", id="a", task_id="x")["status"] == 404


def test_who_brings_no_token_is_closed_out_after_a_while(guarded: str) -> None:
    with Client(guarded) as client:
        assert refusal(client) == 4401


@pytest.mark.parametrize("how", ["header", "message", "address"])
def test_a_token_that_is_not_good_is_refused(stack: Stack, guarded: str, member: tuple[Caller, str], how: str) -> None:
    token = member[1] if how == "address" else "evo_unknown"
    path = f"/ws/?token={token}" if how == "address" else "/ws/"
    with Client(guarded, bearer(token) if how == "header" else None, path=path) as client:
        if how == "message":
            client.send("authenticate", token=token)
        assert refusal(client) == 4401
    assert member[1] not in stack.log_of("guarded-sockets")


def test_a_login_counts_for_pages_of_this_server_only(guarded: str, member: tuple[Caller, str]) -> None:
    """Cross-site WebSocket hijacking: browsers send the cookie along whatever page asks."""
    caller, token = member
    cookie = {"Cookie": f"sessionid={session_of(caller.user.username)}"}
    with Client(guarded, {**cookie, "Origin": guarded}) as client:
        assert who(client) == caller.user.username
        task = make_task(caller)
        assert client.ask("cancel", id="1", task_id=str(task.pk))["type"] == "result", "no form's token is needed"
    with Client(guarded, {**cookie, "Origin": "https://evil.example"}) as client:
        assert refusal(client) == 4403
    with Client(guarded, {**cookie, **bearer(token), "Origin": "http://127.0.0.1:1"}) as client:
        assert refusal(client) == 4403
    with Client(guarded, {**cookie, "Origin": APP}) as client:
        client.send("ping", id="1")
        assert client.receive()["type"] == "pong", "its login does not count"
        client.send("authenticate", token=token)
        assert who(client) == caller.user.username


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, None),
        ({"Origin": "http://localhost:3000"}, None),
        ({"Origin": "https://evil.example"}, 4403),
        ({"Origin": "null"}, 4403),
        ({"X-Forwarded-For": "127.0.0.1", "Authorization": "Bearer evo_x"}, 4401),
    ],
)
def test_local_access_follows_its_own_rules(url: str, headers: dict[str, str], code: int | None) -> None:
    with Client(url, headers) as client:
        if code:
            assert refusal(client) == code
        else:
            assert who(client) == "local"


def test_what_another_group_owns_is_not_there(
    guarded: str, url: str, member: tuple[Caller, str], caller: Caller
) -> None:
    mine, theirs = make_task(member[0]), make_task(caller)
    with Client(guarded, bearer(member[1])) as client:
        for number, id in enumerate((theirs.pk, "00000000-0000-0000-0000-000000000000")):
            for type, fields in (
                ("subscribe", {"task_id": str(id)}),
                ("subscribe", {"stream": f"/stream/{id}"}),
                ("cancel", {"task_id": str(id)}),
                ("ask", {"path": f"/api/v1/tasks/{id}/rerun"}),
            ):
                error = client.ask(type, id=f"{number}", **fields)
                assert (error["type"], error["status"], error["detail"]) == ("error", 404, f"There is no task {id}.")
        assert client.ask("subscribe", id="mine", task_id=str(mine.pk))["type"] == "subscribed"


def test_rights_are_asked_for_with_every_message(guarded: str) -> None:
    caller, token = caller_with(Right.SEE)
    task = make_task(caller)
    with Client(guarded, bearer(token)) as client:
        assert client.ask("cancel", id="1", task_id=str(task.pk))["status"] == 403
        assert client.ask("ask", id="1", path="/stream/workflow/generate", body={"goal": "x"})["status"] == 403
    _, without = caller_with(Right.RUN)
    with Client(guarded, bearer(without)) as client:
        assert refusal(client) == 4403


@pytest.mark.parametrize("how", WAYS_OUT)
def test_it_is_closed_within_a_heartbeat_once_its_caller_is_out(guarded: str, how: str) -> None:
    caller, token = caller_with(*Right)
    task, _ = make_running(caller, make_worker())
    with Client(guarded, bearer(token)) as client:
        client.ask("subscribe", id="a", task_id=str(task.pk))
        lock_out(caller, how)
        assert refusal(client) == 4401
        assert client.ids("a") == [1, 2]


def test_subscriptions_and_connections_count_as_streams_of_the_caller(guarded: str) -> None:
    caller, token = caller_with(*Right)
    task = str(make_running(caller, make_worker())[0].pk)
    with Client(guarded, bearer(token)) as client, Client(guarded, bearer(token)) as other:
        who(client)
        who(other)
        told = [client.ask("subscribe", id=str(n), task_id=task)["type"] for n in range(STREAMS)]
        assert told == ["subscribed"] * (STREAMS - 2) + ["error"] * 2
        assert requests.get(f"{guarded}/stream/{task}", headers=bearer(token)).status_code == 429
        with Client(guarded, bearer(token)) as third:
            assert refusal(third) == 4429
        client.ask("unsubscribe", id="0")
        assert other.ask("subscribe", id="0", task_id=task)["type"] == "subscribed"


def test_what_is_no_websocket_here_is_said(url: str) -> None:
    plain = requests.get(f"{url}/ws/")
    assert (plain.status_code, plain.headers["Upgrade"]) == (426, "websocket")
    with Client(url, path="/stream/") as client:
        assert refusal(client) == 4404
