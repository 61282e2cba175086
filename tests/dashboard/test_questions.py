"""Questions on the pages: shown with a form, answered, and what was typed stays where it was wrong."""

import json
from collections.abc import Iterator

import pytest

from sessions.callers import Caller
from tests.dashboard.pages import Pages
from tests.factories import make_question, make_running, make_worker
from workflows import services
from workflows.engine import questions as asking
from workflows.models import Question, Task

COLOUR = asking.Question("input", "Which colour?", "execute", "paint", {"enum": ["red", "blue"]})


@pytest.fixture
def question(caller: Caller) -> Iterator[Question]:
    task, claim = make_running(caller, make_worker())
    yield make_question(task, claim)
    services.cancel_quietly(task, reason="test")


def test_an_approval_with_other_arguments(pages: Pages, question: Question) -> None:
    for path in (f"/tasks/{question.task_id}/", f"/tasks/{question.task_id}/questions", "/questions/"):
        shown = pages.get(path)
        assert shown.status_code == 200
        assert "May it be sent?" in shown.text
        assert "&quot;to&quot;: &quot;everybody&quot;" in shown.text
    assert 'class="count"' in pages.get("/").text
    path = f"/questions/{question.pk}/answer"
    for arguments, problem in (("{", "Enter a valid JSON"), ('{"to": 7}', "to: 7 is not of type")):
        wrong = pages.post(path, decision="approve", arguments=arguments)
        assert wrong.status_code == 422
        assert problem in wrong.text
    assert "Press Approve or Reject" in pages.post(path, decision="answer", arguments="{}").text
    done = pages.post(path, decision="approve", arguments=json.dumps({"to": "me"}))
    assert (done.status_code, done.headers["Location"]) == (302, f"/tasks/{question.task_id}/")
    question.refresh_from_db()
    assert question.answer == {"approved": True, "reason": "", "arguments": {"to": "me"}, "value": None}
    late = pages.post(path, decision="reject", arguments="{}", reason="no")
    assert late.status_code == 409
    assert "has answered this already: approved with other arguments" in late.text
    assert "May it be sent?" not in pages.get(f"/tasks/{question.task_id}/questions").text


def test_a_choice_and_the_way_back(pages: Pages, caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    question = make_question(task, claim, COLOUR)
    path = f"/questions/{question.pk}/answer"
    assert pages.post(path, decision="answer", value="green", back="questions").status_code == 422
    done = pages.post(path, decision="answer", value="blue", back="questions")
    assert (done.status_code, done.headers["Location"]) == (302, "/questions/")
    assert Question.objects.get(pk=question.pk).answer == {**asking.Answer(value="blue").to_json()}
    services.cancel(Task.objects.get(pk=task.pk), reason="test")
