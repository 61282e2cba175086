"""Stream tickets: one stream in the address, one connection at a time, and an end."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connections
from django.http import HttpRequest
from django.utils import timezone

from sessions import tickets
from sessions.callers import Caller, Right, Ticket
from sessions.models import ApiToken, StreamTicket, digest_of
from tests.factories import make_cancelled, make_running, make_worker, make_workflow, run_and_cancel
from tests.http.asking import bearer
from tests.sessions.conftest import ALLOWED_ORIGIN
from tests.sessions.test_keys import rows_with
from tests.sessions.test_rights import ROUTES, Route, ask, caller_with, name_of
from tests.stack import Stack, wait_for
from tests.streaming.sse import Connection, read_stream
from workflows import services
from workflows.dialects.native.frames import NATIVE
from workflows.exceptions import NotAuthenticated
from workflows.models import StreamKey, Task
from workflows.services import Claim
from workflows.streaming.responses import stream_response

DISMISSED = b"retry: 86400000\n"


def ask_for_ticket(url: str, token: str, stream: Any, **headers: str) -> requests.Response:
    return requests.post(f"{url}/api/v1/tickets", json={"stream": stream}, headers={**bearer(token), **headers})


def address(url: str, token: str, stream: str) -> str:
    """The stream's address with a new ticket in it."""
    response = ask_for_ticket(url, token, stream)
    assert response.status_code == 201, response.text
    return url + str(response.json()["stream_url"])


def row_of(address: str) -> StreamTicket:
    return StreamTicket.objects.get(digest=digest_of(address.partition("ticket=")[2]))


def assert_refused(response: requests.Response, says: str = "over") -> None:
    assert response.status_code == 401, response.text
    assert says in response.json()["detail"]
    assert "evt_" not in response.text
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.fixture
def member(database: None) -> tuple[Caller, str]:
    return caller_with(*Right)


@pytest.fixture
def running(member: tuple[Caller, str]) -> tuple[Task, Claim]:
    return make_running(member[0], make_worker())


def test_a_ticket_opens_its_stream_without_a_header(stack: Stack, guarded_url: str, member: tuple[Caller, str]) -> None:
    caller, token = member
    task = make_cancelled(caller)
    stream = f"/stream/{task.pk}"
    response = ask_for_ticket(guarded_url, token, stream)
    answer = response.json()
    assert answer.keys() == {"ticket", "stream_url", "expires_in"}
    assert answer["stream_url"] == f"{stream}?ticket={answer['ticket']}"
    assert answer["expires_in"] == 60
    assert response.headers["Cache-Control"] == "no-store"

    told = requests.get(guarded_url + answer["stream_url"])
    assert told.content == requests.get(guarded_url + stream, headers=bearer(token)).content
    assert rows_with(str(task.pk)), "the search finds what is there"
    assert rows_with(answer["ticket"]) == {}
    for process in stack.processes:
        assert answer["ticket"] not in process.log.read_text(), process.name


def test_a_filter_in_the_address_stays_there(guarded_url: str, member: tuple[Caller, str]) -> None:
    task = make_cancelled(member[0])
    shown = f"/api/v1/tasks/{task.pk}/events/stream?types=task.cancelled&types=x%26y"
    (message,) = read_stream(address(guarded_url, member[1], shown))
    assert message.event == "task.cancelled"


def test_a_sessions_stream_has_tickets_too(guarded_url: str, member: tuple[Caller, str]) -> None:
    session = services.open_session(member[0])
    with Connection(address(guarded_url, member[1], f"/stream/client/{session.pk}")) as reader:
        make_cancelled(member[0], session=session)
        reader.read_until(b"task_cancelled")
        services.close_session(session)
        assert b"session_closed" in reader.read_to_end()


def test_a_workflows_stream_waits_for_its_first_run_by_ticket(guarded_url: str, member: tuple[Caller, str]) -> None:
    workflow = make_workflow(member[0])
    with Connection(address(guarded_url, member[1], f"/api/v1/workflows/{workflow.pk}/stream")) as reader:
        reader.read_until(b'"connected"')
        run_and_cancel(member[0], workflow)
        assert b"id: 1-" in reader.read_to_end()


def test_once_the_end_was_seen_the_ticket_is_over(guarded_url: str, member: tuple[Caller, str]) -> None:
    """An `EventSource` that nobody closed comes back with the closing id. It stops upon 204, and also upon 401."""
    there = address(guarded_url, member[1], f"/stream/{make_cancelled(member[0]).pk}")
    last = read_stream(there)[-1].id
    again = requests.get(there, headers={"Last-Event-ID": str(last)})
    assert (again.status_code, again.content) == (204, b"")
    assert_refused(requests.get(there, headers={"Last-Event-ID": str(last)}))


def test_a_ticket_for_what_has_ended_is_not_renewed(guarded_url: str, member: tuple[Caller, str]) -> None:
    there = address(guarded_url, member[1], f"/stream/{make_cancelled(member[0]).pk}")
    before = row_of(there).expires_at
    assert len(read_stream(there)) == len(read_stream(there)) == 2
    assert row_of(there).expires_at == before


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_a_ticket_opens_nothing_else(guarded_url: str, member: tuple[Caller, str], route: Route) -> None:
    caller, token = member
    own, other = make_cancelled(caller), make_cancelled(caller)
    ticket = address(guarded_url, token, f"/stream/{own.pk}").partition("ticket=")[2]
    with_ticket = route._replace(pattern=f"{route.pattern}?ticket={ticket}")
    session = services.open_session(caller)
    assert ask(guarded_url, with_ticket, None, task=other.pk, session=session.pk).status_code == 401
    # The same task by another route is another stream, or none.
    status = ask(guarded_url, with_ticket, None, task=own.pk, session=session.pk).status_code
    assert status == (200 if route.pattern == "stream/<str:task_id>" else 401)


async def test_where_the_query_says_which_stream_it_is_the_ticket_is_for_that_one() -> None:
    caller = Caller(user=User(pk=1), group=None, via="ticket", ticket=Ticket(1, "task", uuid.uuid4()))  # type: ignore[arg-type]
    with pytest.raises(NotAuthenticated, match="another stream"):
        await stream_response(HttpRequest(), caller, StreamKey("task", uuid.uuid4()), NATIVE)


@pytest.mark.parametrize("ticket", ["", "evt_nobody", "x" * 3000, "%00", "%ff", "evt_%ED%A0%80"])
def test_what_is_no_ticket_is_refused_even_to_the_local_user(
    url: str, running: tuple[Task, Claim], ticket: str
) -> None:
    assert_refused(requests.get(f"{url}/stream/{running[0].pk}?ticket={ticket}"))


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_newest_connection_wins(
    url: str, guarded_url: str, member: tuple[Caller, str], running: tuple[Task, Claim], elsewhere: bool
) -> None:
    """In the same process at once, in another one with its next heartbeat."""
    task, _ = running
    there = address(guarded_url, member[1], f"/stream/{task.pk}")
    with Connection(there) as older:
        older.read_until(b"id: 2\n")
        with Connection(there.replace(guarded_url, url) if elsewhere else there) as newer:
            newer.read_until(b"id: 2\n")
            older.read_to_end()
            services.cancel(task, reason="test")
            newer.read_to_end()
    assert older.body.endswith(DISMISSED)
    assert older.received.endswith(b"0\r\n\r\n")
    assert older.ids() == [1, 2]
    assert newer.ids() == [1, 2, 3]
    assert DISMISSED not in newer.body


def test_an_open_connection_keeps_its_ticket_valid(
    guarded_url: str, member: tuple[Caller, str], running: tuple[Task, Claim]
) -> None:
    there = address(guarded_url, member[1], f"/stream/{running[0].pk}")
    with Connection(there) as reader:
        reader.read_until(b"id: 2\n")
        soon = timezone.now() + timedelta(seconds=10)
        StreamTicket.objects.filter(pk=row_of(there).pk).update(expires_at=soon)
        wait_for(lambda: row_of(there).expires_at > soon, "the next heartbeat renews it")
    # The connection before may have died unnoticed: coming again needs no new ticket.
    with Connection(there, last_event_id=2) as reader:
        services.cancel(running[0], reason="test")
        reader.read_to_end()
    assert reader.ids() == [3]


def test_a_ticket_that_nobody_uses_is_over_and_swept(
    guarded_url: str, member: tuple[Caller, str], running: tuple[Task, Claim]
) -> None:
    unused, other = (address(guarded_url, member[1], f"/stream/{running[0].pk}") for _ in range(2))
    kept, over = row_of(other), row_of(unused)
    StreamTicket.objects.filter(pk=over.pk).update(expires_at=timezone.now())
    assert_refused(requests.get(unused))
    wait_for(lambda: not StreamTicket.objects.filter(pk=over.pk).exists(), "a worker sweeps it")
    assert StreamTicket.objects.filter(pk=kept.pk).exists()


@pytest.mark.parametrize("how", ["revoke the token", "leave the group", "close the account"])
def test_a_ticket_ends_with_its_callers_access(
    guarded_url: str, member: tuple[Caller, str], running: tuple[Task, Claim], how: str
) -> None:
    caller, token = member
    there = address(guarded_url, token, f"/stream/{running[0].pk}")
    with Connection(there) as reader:
        reader.read_until(b"id: 2\n")
        if how == "revoke the token":
            ApiToken.objects.filter(pk=caller.token_id).update(revoked_at=timezone.now())
        elif how == "leave the group":
            caller.user.groups.clear()
        else:
            User.objects.filter(pk=caller.user.pk).update(is_active=False)
        assert reader.read_to_end().endswith(b"0\r\n\r\n")
    assert_refused(requests.get(there), says="ticket")


def test_a_right_that_is_taken_away_closes_the_ticket_too(
    guarded_url: str, member: tuple[Caller, str], running: tuple[Task, Claim]
) -> None:
    there = address(guarded_url, member[1], f"/stream/{running[0].pk}")
    member[0].group.permissions.clear()
    assert requests.get(there).status_code == 403


@pytest.mark.parametrize(
    "stream",
    [
        "/", "stream/x", "/nowhere", "/clients", "/workflow/generate", "/dashboard/feed", "/admin/", "/health",
        "//[", "/api/v1/tasks/{task}", "/api/v1/tasks/{task}/events", "https://elsewhere.example/stream/{task}",
        "//elsewhere.example/stream/{task}", "/stream/{task}/",
    ],
)  # fmt: skip
def test_where_no_stream_is_there_is_no_ticket(guarded_url: str, member: tuple[Caller, str], stream: str) -> None:
    response = ask_for_ticket(guarded_url, member[1], stream.replace("{task}", str(make_cancelled(member[0]).pk)))
    assert response.status_code == 404, response.text
    assert "Give the path of one" in response.json()["detail"]


@pytest.mark.parametrize("stream", ["", "/stream/" + "x" * 3000, 5, None, ["/stream/x"]])
def test_what_is_no_address_is_refused(guarded_url: str, member: tuple[Caller, str], stream: Any) -> None:
    response = ask_for_ticket(guarded_url, member[1], stream)
    assert response.status_code == 422, response.text
    (problem,) = response.json()["detail"]
    assert problem["loc"] == ["body", "stream"]


def test_a_ticket_is_only_for_what_the_caller_may_see(
    guarded_url: str, member: tuple[Caller, str], caller: Caller
) -> None:
    for stream in (f"/stream/{make_cancelled(caller).pk}", f"/stream/{uuid.uuid4()}", "/stream/nobody"):
        assert ask_for_ticket(guarded_url, member[1], stream).status_code == 404
    assert not StreamTicket.objects.filter(group=member[0].group).exists()


def test_a_page_from_elsewhere_follows_by_ticket(
    guarded_url: str, member: tuple[Caller, str], running: tuple[Task, Claim]
) -> None:
    stream = f"/stream/{running[0].pk}"
    response = ask_for_ticket(guarded_url, member[1], stream, Origin=ALLOWED_ORIGIN)
    headers = {"Origin": ALLOWED_ORIGIN}
    with requests.get(guarded_url + response.json()["stream_url"], headers=headers, stream=True) as live:
        refused = requests.get(f"{guarded_url}{stream}?ticket=evt_x", headers=headers)
        for answer in (response, live, refused):
            assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED_ORIGIN
    assert_refused(refused)


def test_many_connections_at_once_get_a_number_each(member: tuple[Caller, str], running: tuple[Task, Claim]) -> None:
    ticket = tickets.issue(member[0], "/somewhere", "task", running[0].pk)
    held = tickets.authenticate(ticket, "/somewhere").ticket
    assert held
    with ThreadPoolExecutor(8) as threads:
        admissions = list(threads.map(lambda _: _admit(held), range(8)))
    assert sorted(admission.number for admission in admissions) == list(range(1, 9))
    assert {admission.number for admission in tickets.renew(admissions)} == {8}


def _admit(ticket: Ticket) -> tickets.Admission:
    try:
        return tickets.admit(ticket, renew=True)
    finally:
        connections.close_all()
