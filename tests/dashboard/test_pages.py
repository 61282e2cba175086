"""The list, the task's page and their forms, as HTTP."""

import re
import uuid
from html.parser import HTMLParser

import pytest
import requests
from django.db import connection, transaction

from sessions.callers import Caller
from tests.dashboard.pages import Pages
from tests.factories import make_cancelled, make_task
from tests.http.asking import task_of, unique_goal, wait_for_event, wait_for_status
from workflows import services
from workflows.dashboard.listing import PAGE
from workflows.events import Kind
from workflows.exceptions import ModelFailed
from workflows.models import Event, Status, Task


def shown(page: requests.Response) -> list[str]:
    assert page.status_code == 200, page.text
    return [id for id in re.findall(r'class="task" data-id="([^"]*)"', page.text) if id]


class _Foreign(HTMLParser):
    """Inline scripts and styles, and what comes from elsewhere. Goals may speak of them; only markup counts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(tag)
        for name, value in attrs:
            elsewhere = name in ("src", "href", "action") and (value or "").startswith(("http:", "https:", "//"))
            if name == "style" or name.startswith("on") or elsewhere:
                self.found.append(f"{tag} {name}={value}")


def foreign_parts(html: str) -> list[str]:
    parser = _Foreign()
    parser.feed(html)
    return parser.found


@pytest.mark.parametrize("path", ["/", "/login/", "/tasks/nonsense/"])
def test_pages_load_only_what_is_their_own(pages: Pages, path: str) -> None:
    page = pages.get(path)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert foreign_parts(page.text) == []
    for file in re.findall(r'(?:src|href)="(/static/[^"]*)"', page.text):
        assert pages.get(file).status_code == 200, file


@pytest.mark.parametrize("path", ["/", f"/tasks/{uuid.UUID(int=0)}/"])
def test_who_is_not_logged_in_comes_back_after_it(guarded_pages: str, path: str) -> None:
    page = requests.get(guarded_pages + path, allow_redirects=False)
    assert (page.status_code, page.headers["Location"]) == (302, f"/login/?next={path}")


def test_the_feed_tells_strangers_nothing(guarded_pages: str) -> None:
    assert requests.get(f"{guarded_pages}/dashboard/feed").status_code == 401


@pytest.mark.parametrize("path", ["/", f"/tasks/{uuid.UUID(int=0)}/cancel", f"/tasks/{uuid.UUID(int=0)}/rerun"])
def test_a_form_of_another_site_is_refused(url: str, path: str) -> None:
    before = Task.objects.count()
    assert requests.post(url + path, data={"goal": "Mischief"}).status_code == 403
    assert Task.objects.count() == before


def test_a_new_goal_becomes_a_task(pages: Pages) -> None:
    goal = unique_goal("Bake bread")
    answer = pages.post("/", goal=goal, model="demo", timeout="30")
    assert answer.status_code == 302
    task = Task.objects.get(goal=goal)
    assert answer.headers["Location"] == f"/tasks/{task.pk}/"
    assert (task.params, task.timeout_seconds) == ({"llm_config": {"model": "demo"}}, 30)
    wait_for_status(str(task.pk), Status.COMPLETED)
    page = pages.get(f"/tasks/{task.pk}/").text
    assert f"<h1>{goal}</h1>" in page
    assert '<span class="demo" data-if="demo" title' in page


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"goal": " \n "},
        {"goal": "\u200b"},
        {"goal": "a\0b"},
        {"goal": "x" * 10_001},
        {"goal": "Bake", "timeout": "0"},
        {"goal": "Bake", "timeout": "3601"},
        {"goal": "Bake", "timeout": "nan"},
        {"goal": "Bake", "timeout": "soon"},
        {"goal": "Bake", "model": "m" * 201},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_a_bad_goal_comes_back_with_its_reason(pages: Pages, fields: dict[str, str]) -> None:
    before = Task.objects.count()
    answer = pages.post("/", **fields)
    assert answer.status_code == 422
    assert 'class="errorlist"' in answer.text
    assert Task.objects.count() == before


def test_cancel_and_run_again(pages: Pages) -> None:
    goal = unique_goal("Wait")
    pages.post("/", goal=goal, model="demo-hang")
    task = Task.objects.get(goal=goal)
    assert pages.post(f"/tasks/{task.pk}/cancel").headers["Location"] == f"/tasks/{task.pk}/"
    task.refresh_from_db()
    assert (task.status, task.error["message"]) == ("cancelled", "cancelled by local")
    assert pages.post(f"/tasks/{task.pk}/cancel").status_code == 409

    answer = pages.post(f"/tasks/{task.pk}/rerun")
    again = Task.objects.get(rerun_of=task)
    assert answer.headers["Location"] == f"/tasks/{again.pk}/"
    assert pages.post(f"/tasks/{again.pk}/rerun").status_code == 409
    services.cancel_quietly(again, reason="the test is over")


def test_filters_and_pages(pages: Pages, caller: Caller) -> None:
    word = uuid.uuid4().hex
    with transaction.atomic():
        # Ended before a worker hears of them.
        tasks = [make_task(caller, f"{word} {number}") for number in range(PAGE + 2)]
        for number, task in enumerate(tasks):
            services.fail(task, ModelFailed("A test.")) if number % 2 else services.cancel(task, reason="a test")
    newest_first = [str(task.pk) for task in reversed(tasks)]

    first = pages.get("/", q=word)
    assert shown(first) == newest_first[:PAGE]
    older = re.search(r'href="(\?[^"]*before=[^"]*)"', first.text)
    assert older
    second = pages.get("/" + older[1].replace("&amp;", "&"))
    assert shown(second) == newest_first[PAGE:]
    assert f'href="?q={word}"' in second.text
    failed = [str(task.pk) for task in tasks if Task.objects.get(pk=task.pk).status == "failed"]
    assert shown(pages.get("/", q=word, status="failed")) == failed[::-1]
    assert shown(pages.get("/", q=word, status="unfinished")) == []


def test_the_filter_finds_words_and_beginnings_of_words_in_any_order(pages: Pages, caller: Caller) -> None:
    word = f"word{uuid.uuid4().hex}"
    task = make_cancelled(caller, goal=f"Compare, slowly, the {word} of Größe with rivers")
    other = make_cancelled(caller, goal=f"Something else about {word}")
    for text in (f"{word} compare", f"riv {word.upper()}", f"größe, {word}!", f"{word} with-rivers"):
        assert shown(pages.get("/", q=text)) == [str(task.pk)], text
    assert shown(pages.get("/", q=word)) == [str(other.pk), str(task.pk)]
    assert shown(pages.get("/", q=f"{word} ompare")) == []
    for text in ("!!", "' | & ) :*", "\\"):
        assert shown(pages.get("/", q=text)) == [], text


def test_words_are_looked_up_in_their_index(database: None) -> None:
    with connection.cursor() as cursor:
        # Where reading every row is made dear, what is left is the index that fits the condition.
        cursor.execute("SET enable_seqscan = off; SET enable_indexscan = off")
        plan = Task.objects.with_words("some words").explain()
        cursor.execute("RESET ALL")
    assert "task_by_words" in plan, plan


def test_the_badge_lasts_longer_than_the_events_and_no_longer_than_the_truth(pages: Pages, caller: Caller) -> None:
    goal = unique_goal("Translate the manual")
    pages.post("/", goal=goal, model="demo")
    task = wait_for_status(task_of(goal).pk, Status.COMPLETED)
    Event.objects.filter(task=task, seq__lt=task.last_seq).delete()
    Task.objects.filter(pk=task.pk).update(pruned_seq=task.last_seq - 1)
    badge = '<span class="demo" data-if="demo" title'
    assert badge in pages.get(f"/tasks/{task.pk}/").text

    hanging = unique_goal("Wait")
    pages.post("/", goal=hanging, model="demo-hang")
    waiting = task_of(hanging)
    wait_for_event(waiting.pk, Kind.MODEL_STARTED)
    assert badge in pages.get(f"/tasks/{waiting.pk}/").text
    services.cancel(waiting, reason="the test is over")

    never = make_cancelled(caller, goal=unique_goal("Never asked"))
    assert badge not in pages.get(f"/tasks/{never.pk}/").text


@pytest.mark.parametrize("query", ["status=done", "before=mine", f"before={uuid.UUID(int=0)}", "q=%00"])
def test_a_bad_query_is_a_page_that_says_so(pages: Pages, query: str) -> None:
    page = pages.get(f"/?{query}")
    assert page.status_code == 422
    assert "That did not work" in page.text


def test_another_groups_task_is_not_there(pages: Pages, stranger: Caller) -> None:
    task = make_task(stranger, "Not yours")
    assert str(task.pk) not in shown(pages.get("/"))
    for answer in (
        pages.get(f"/tasks/{task.pk}/"),
        pages.post(f"/tasks/{task.pk}/cancel"),
        pages.post(f"/tasks/{task.pk}/rerun"),
    ):
        assert answer.status_code == 404
        assert "Not yours" not in answer.text
    assert pages.get("/", before=str(task.pk)).status_code == 422
    services.cancel_quietly(task, reason="the test is over")
