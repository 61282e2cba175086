"""The admin in a browser: its pages keep to the content policy, or the browser would complain, and do their work."""

import pytest
from django.contrib.auth.models import User

from sessions.callers import Caller
from sessions.models import ApiToken, digest_of
from tests.browser.person import Person
from tests.factories import make_cancelled
from tests.http.asking import unique_goal
from workflows.models import Event, Step, Task, Worker

LISTS = ["workflows/task", "workflows/event", "workflows/step", "workflows/worker", "auth/user", "auth/group"]


@pytest.fixture(scope="session")
def chief(caller: Caller) -> str:
    """The name of an operator."""
    user, _ = User.objects.get_or_create(username="chief", is_staff=True, is_superuser=True)
    user.groups.add(caller.group)
    return "chief"


@pytest.fixture
def operator(person: Person, chief: str) -> Person:
    """Somebody at the admin, logged in."""
    person.arrive(chief)
    person.go("/admin/")
    return person


def test_its_pages_load_and_run_only_what_is_their_own(operator: Person, member: str, caller: Caller) -> None:
    operator.go("/")
    task_id = operator.ask(unique_goal("Translate the manual"))
    operator.wait_for_end("completed")
    pages = [f"/admin/{name}/" for name in LISTS] + [
        "/admin/",
        f"/admin/workflows/task/{task_id}/change/",
        f"/admin/workflows/event/{Event.objects.filter(task=task_id).latest('id').pk}/change/",
        f"/admin/workflows/step/{Step.objects.filter(task=task_id).latest('id').pk}/change/",
        f"/admin/workflows/worker/{Worker.objects.latest('lease_until').pk}/change/",
        f"/admin/auth/user/{User.objects.get(username=member).pk}/change/",
        "/admin/client_sessions/apitoken/add/",
    ]
    for page in pages:
        operator.go(page)
        assert operator.path.startswith(page), page
        assert operator.find_all("#content"), page
        assert operator.console() == [], page


def test_its_scripts_run_under_the_policy(operator: Person, caller: Caller) -> None:
    """The theme's button, and the one box that ticks all others."""
    make_cancelled(caller, goal=unique_goal("Tick me"))
    operator.go("/admin/workflows/task/")
    operator.click("#action-toggle")
    boxes = operator.find_all("input.action-select")
    assert boxes
    assert all(box.is_selected() for box in boxes)
    before = operator.attribute("html", "data-theme")
    operator.click("button.theme-toggle")
    assert operator.attribute("html", "data-theme") != before
    assert operator.console() == []


def test_a_task_is_cancelled_with_its_button(operator: Person, caller: Caller) -> None:
    operator.go("/")
    task_id = operator.ask(unique_goal("Wait for ever"), model="demo-hang")
    operator.wait_for_status("running")
    operator.go(f"/admin/workflows/task/{task_id}/change/")
    operator.click(".object-tools button[value=cancel]")
    operator.click("input[type=submit].default")
    operator.wait_for(lambda: Task.objects.get(pk=task_id).status == "cancelled", "the task is cancelled")


def test_a_token_is_shown_once(operator: Person, caller: Caller) -> None:
    operator.go("/admin/client_sessions/apitoken/add/")
    name = unique_goal("token")
    operator.find("#id_name").send_keys(name)
    for field, value in (("user", caller.user.pk), ("group", caller.group_id)):
        operator.find(f"#id_{field} option[value='{value}']").click()
    operator.click("input[name=_save]")
    operator.wait_for(lambda: operator.find_all("#token"), "the token shows")
    assert ApiToken.objects.get(name=name).digest == digest_of(operator.text("#token"))
    assert operator.console() == []
