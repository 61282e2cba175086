"""What pages may load: the policy on all of them."""

import uuid

import pytest
import requests
from django.http import HttpRequest, HttpResponse

from evoserver.policy import HEADER, NO_PAGE, PAGE, ContentPolicy
from tests.stack import Stack

HTML = {"Accept": "text/html"}


def test_it_lets_a_page_load_its_own_files_and_nothing_else() -> None:
    rules = dict(rule.split(" ", 1) for rule in PAGE.split("; "))
    assert rules.pop("default-src") == "'none'"
    assert {rules.pop("base-uri"), rules.pop("frame-ancestors")} == {"'none'"}
    assert set(rules.values()) == {"'self'"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/login/", 200),
        (f"/tasks/{uuid.UUID(int=0)}/", 404),
        ("/?status=nonsense", 422),
        ("/admin/login/", 200),
        ("/no/such/page", 404),
    ],
)
def test_it_is_on_every_page(url: str, path: str, status: int) -> None:
    page = requests.get(url + path, headers=HTML)
    assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (status, "text/html")
    assert page.headers[HEADER] == PAGE


def test_it_is_on_the_page_that_refuses_a_form(url: str) -> None:
    page = requests.post(f"{url}/login/", headers=HTML)
    assert page.status_code == 403
    assert page.headers[HEADER] == PAGE


@pytest.mark.parametrize("path", ["/health", "/api/v1/tasks", "/metrics", "/dashboard/feed", "/no/such/page"])
def test_what_is_no_page_may_load_nothing(url: str, path: str) -> None:
    with requests.get(url + path, stream=True) as answer:
        assert answer.headers[HEADER] == NO_PAGE


def test_the_admin_has_it_where_nobody_is_local(stack: Stack) -> None:
    page = requests.get(f"{stack.url}/admin/", headers={"X-Forwarded-For": "203.0.113.7", **HTML}, allow_redirects=True)
    assert page.url.startswith(f"{stack.url}/admin/login/")
    assert page.headers[HEADER] == PAGE


def test_a_view_that_needs_another_policy_keeps_it() -> None:
    own = HttpResponse("<p>", headers={HEADER: "default-src 'self'"})
    answer = ContentPolicy(lambda request: own)(HttpRequest())
    assert isinstance(answer, HttpResponse)
    assert answer.headers[HEADER] == "default-src 'self'"
