"""Stream tickets, with the `EventSource` of a real browser, on a page that was loaded elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from selenium.webdriver import Chrome

from sessions.callers import Right
from sessions.models import StreamTicket
from tests.browser.person import Person
from tests.factories import make_cancelled, make_running, make_task, make_worker
from tests.http.asking import bearer
from tests.servers import served_folder
from tests.sessions.test_rights import caller_with
from tests.stack import Stack, wait_for
from workflows import services


@pytest.fixture(scope="module")
def elsewhere(root: Path) -> Iterator[str]:
    """The example's folder on an origin of its own."""
    with served_folder(root / "examples" / "native") as url:
        yield url


@pytest.fixture(scope="module")
def server(stack: Stack, elsewhere: str) -> str:
    """A web process that takes no local callers, and whom that origin may call."""
    return stack.start_web("for-elsewhere", LOCAL_ACCESS="0", CORS_ALLOWED_ORIGINS=elsewhere)[1]


@pytest.fixture
def page(browser: Chrome, elsewhere: str) -> Chrome:
    browser.get(f"{elsewhere}/follow.html")
    return browser


def ticket_for(server: str, token: str, stream: str) -> tuple[str, StreamTicket]:
    answer = requests.post(f"{server}/api/v1/tickets", json={"stream": stream}, headers=bearer(token)).json()
    return server + answer["stream_url"], StreamTicket.objects.latest("pk")


def wait_for_heartbeat(row: StreamTicket) -> None:
    """Until the ticket is renewed."""
    row.refresh_from_db()
    before = row.expires_at

    def is_renewed() -> bool:
        row.refresh_from_db()
        return row.expires_at != before

    wait_for(is_renewed, "its connection is still there")


def state_of(page: Chrome) -> str:
    """Of the page's `source`."""
    state: int = page.execute_script("return source.readyState")
    return ["connecting", "open", "closed"][state]


def test_the_example_follows_a_task_to_its_end(page: Chrome, server: str, elsewhere: str) -> None:
    member, token = caller_with(*Right)
    task = make_task(member, "Translate the manual")
    person = Person(page, elsewhere)
    for name, value in {"server": server, "token": token, "task": str(task.pk)}.items():
        person.find(f"[name={name}]").clear()
        person.find(f"[name={name}]").send_keys(value)
    person.click("button")
    person.wait_for(lambda: person.text("#state") == "Ended", "the task was followed to its end")
    told = [element.text for element in person.find_all("#told li")]
    assert told[0].startswith("update: ")
    assert any("Planned" in line for line in told)
    assert told[-1] == "complete: completed"
    assert StreamTicket.objects.get(stream_id=task.pk).newest == 1
    assert person.console() == []


def test_a_source_that_nobody_closes_stops_with_its_stream(page: Chrome, server: str) -> None:
    member, token = caller_with(*Right)
    address, row = ticket_for(server, token, f"/stream/{make_cancelled(member).pk}")
    page.execute_script("window.source = new EventSource(arguments[0])", address)
    wait_for(lambda: state_of(page) == "closed", "it came back once, and was told that nothing follows")
    assert not StreamTicket.objects.filter(pk=row.pk).exists()


def test_two_pages_with_one_ticket_do_not_take_the_stream_from_each_other(page: Chrome, server: str) -> None:
    member, token = caller_with(*Right)
    task, _ = make_running(member, make_worker())
    address, row = ticket_for(server, token, f"/stream/{task.pk}")
    page.execute_script("window.source = new EventSource(arguments[0])", address)
    wait_for(lambda: state_of(page) == "open", "the first is connected")
    with requests.get(address, stream=True) as newer:
        assert newer.status_code == 200
        chunks = newer.iter_content(None)
        next(chunks)
        wait_for(lambda: state_of(page) == "connecting", "the first has lost its place")
        # Its usual two seconds until it comes back pass with these heartbeats.
        for _ in range(4):
            wait_for_heartbeat(row)
        assert row.newest == 2
        services.cancel(task, reason="test")
        assert b"id: 3" in b"".join(chunks)
