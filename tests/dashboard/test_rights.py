"""Who may do what on the pages. `tests/sessions/test_rights.py` does the same for the APIs."""

import re
import uuid

import pytest
import requests
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore

from sessions.callers import Right
from sessions.roles import open_group
from tests.dashboard.pages import Pages
from tests.factories import make_cancelled
from tests.login import session_of
from tests.sessions.test_rights import caller_with
from workflows.dashboard.urls import urlpatterns
from workflows.models import Task

FOR_EVERYBODY = {"login", "logout"}
PASSWORD = "correct horse battery staple"


def logged_in(url: str, *rights: Right) -> Pages:
    """A member of a new group with these rights, logged in."""
    name = f"pages {uuid.uuid4().hex[:8]}"
    User.objects.create_user(name).groups.add(open_group(name, rights))
    return pages_of(name, url)


def pages_of(name: str, url: str) -> Pages:
    session = requests.Session()
    session.cookies["sessionid"] = session_of(name)
    return Pages(session, url)


def test_every_page_says_which_right_it_needs() -> None:
    for route in urlpatterns:
        rights = getattr(route.callback, "rights", {})
        assert route.name in FOR_EVERYBODY or rights, route.name
        assert all(isinstance(right, Right) for right in rights.values())


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "/", Right.SEE),
        ("GET", "/tasks/{task}/", Right.SEE),
        ("GET", "/dashboard/feed", Right.SEE),
        ("POST", "/", Right.RUN),
        ("POST", "/tasks/{task}/cancel", Right.CANCEL),
        ("POST", "/tasks/{task}/rerun", Right.RUN),
        ("POST", "/tasks/{task}/pause", Right.RUN),
        ("POST", "/tasks/{task}/resume", Right.RUN),
        ("GET", "/tasks/{task}/questions", Right.SEE),
        ("GET", "/questions/", Right.SEE),
        ("POST", "/questions/{task}/answer", Right.RUN),
        ("GET", "/tasks/{task}/execute", Right.RUN),
        ("POST", "/tasks/{task}/execute", Right.RUN),
        ("GET", "/workflows/", Right.SEE),
        ("GET", "/workflows/{task}/", Right.SEE),
        ("GET", "/workflows/{task}/execute", Right.RUN),
        ("POST", "/workflows/{task}/execute", Right.RUN),
    ],
)
def test_a_member_without_the_right_is_told_so(guarded_pages: str, method: str, path: str, right: Right) -> None:
    pages = logged_in(guarded_pages, *(other for other in Right if other != right))
    before = Task.objects.count()
    address = path.format(task=uuid.uuid4())
    answer = pages.get(address) if method == "GET" else pages.post(address, goal="Count")
    assert answer.status_code == 403
    assert "You may not" in answer.text
    assert Task.objects.count() == before


def test_who_may_only_see_gets_no_buttons(guarded_pages: str) -> None:
    pages = logged_in(guarded_pages, Right.SEE)
    assert 'class="card new"' not in pages.get("/").text
    member, token = caller_with(Right.SEE)
    task = make_cancelled(member)
    page = requests.get(f"{guarded_pages}/tasks/{task.pk}/", headers={"Authorization": f"Bearer {token}"})
    assert page.status_code == 200
    assert "confirm-" not in page.text


def test_a_wrong_password_is_refused_and_says_so(guarded_pages: str, database: None) -> None:
    answer = Pages(requests.Session(), guarded_pages).post("/login/", username="nobody", password="wrong")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text


def test_a_login_without_a_group_is_told_so(guarded_pages: str, database: None) -> None:
    name = f"alone {uuid.uuid4().hex[:8]}"
    User.objects.create_user(name)
    page = pages_of(name, guarded_pages).get("/")
    assert page.status_code == 403
    assert "You belong to no group yet" in page.text


def test_login_leads_to_no_other_site(guarded_pages: str, database: None) -> None:
    name = f"lured {uuid.uuid4().hex[:8]}"
    User.objects.create_user(name, password=PASSWORD).groups.add(open_group(name))
    pages = Pages(requests.Session(), guarded_pages)
    answer = pages.post("/login/", username=name, password=PASSWORD, next="https://elsewhere.example/")
    assert answer.headers["Location"] == "/"


def test_logging_out_ends_the_login(guarded_pages: str) -> None:
    pages = logged_in(guarded_pages, *Right)
    key = pages.session.cookies["sessionid"]
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', pages.get("/").text)[0]
    answer = pages.session.post(f"{guarded_pages}/logout/", data={"csrfmiddlewaretoken": token}, allow_redirects=False)
    assert answer.headers["Location"] == "/login/"
    assert pages.get("/").headers["Location"] == "/login/?next=/"
    assert not SessionStore().exists(key)
