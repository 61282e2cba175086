"""The API's page, as people try routes on it."""

from urllib.parse import urlsplit

from selenium.webdriver import Chrome

from sessions.callers import Caller
from tests.browser.person import Person
from tests.factories import make_cancelled


def open_operation(person: Person, tag: str, operation: str) -> str:
    """Go to an operation of the page, expand it, and make it ready to be tried. Returns where it is."""
    if not person.path.startswith("/docs"):
        person.go("/docs")
    place = f"#operations-{tag}-{operation}"
    person.wait_for(lambda: person.find_all(place), f"{operation} is listed")
    person.click(f"{place} .opblock-summary-control")
    person.wait_for(lambda: person.find_all(f"{place} .try-out__btn"), "it can be tried")
    person.click(f"{place} .try-out__btn")
    return place


def execute(person: Person, place: str) -> str:
    """Send the request. Returns the status of the answer."""
    person.run("arguments[0].scrollIntoView({block: 'center'})", person.find(f"{place} .execute"))
    person.click(f"{place} .execute")
    status = f"{place} .live-responses-table .response .response-col_status"
    person.wait_for(lambda: person.text(status).split("\n")[-1].isdigit(), "the answer is there")
    return person.text(status).split("\n")[-1]


def test_the_local_user_tries_a_route_and_a_stream(browser: Chrome, url: str, caller: Caller) -> None:
    task = make_cancelled(caller)
    person = Person(browser, url)
    place = open_operation(person, "native", "native_task_list")
    # Colouring a long answer takes the page seconds.
    person.find(f"{place} tr[data-param-name=page_size] input").send_keys("1")
    assert execute(person, place) == "200"
    person.wait_for(lambda: str(task.pk) in person.text(f"{place} .live-responses-table"), "it shows the newest")

    place = open_operation(person, "evoagentx", "evoagentx_task_stream")
    person.find(f"{place} tr[data-param-name=task_id] input").send_keys(str(task.pk))
    assert execute(person, place) == "200"
    person.wait_for(lambda: "event: error" in person.text(f"{place} .live-responses-table"), "it shows the stream")

    assert person.console() == []
    asked = person.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert {urlsplit(address).netloc for address in asked if not address.startswith("data:")} == {urlsplit(url).netloc}


def test_a_login_may_post(person: Person, member: str) -> None:
    person.arrive(member)
    place = open_operation(person, "evoagentx", "evoagentx_connect")
    assert execute(person, place) == "200"
    assert person.console() == []
