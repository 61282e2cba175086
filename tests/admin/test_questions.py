"""An operator sees what tasks ask, and says yes or no: asked first, through the services."""

from django.test import Client

from sessions.callers import Caller
from tests.admin.asking import act, list_url, messages_of, page_url, text_of
from tests.factories import make_question, make_running, make_worker
from workflows import services
from workflows.models import Question


def test_a_question_is_shown_and_approved_once(client: Client, caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    question = make_question(task, claim)
    assert "May it be sent?" in text_of(client.get(list_url(Question), {"task": str(task.pk)}))
    page = text_of(client.get(page_url(question)))
    assert 'value="approve"' in page
    assert "everybody" in page
    asked = text_of(act(client, question, "approve", confirmed=False))
    assert "open: May it be sent? {&#x27;to&#x27;: &#x27;everybody&#x27;}" in asked
    question.refresh_from_db()
    assert question.status == Question.Status.OPEN

    assert "Approved." in messages_of(act(client, question, "approve"))[-1]
    question.refresh_from_db()
    assert question.answer
    assert question.answer["approved"]
    assert "has answered this already: approved" in messages_of(act(client, question, "reject"))[-1]
    assert 'value="approve"' not in text_of(client.get(page_url(question)))
    assert str(question.pk) in text_of(client.get(list_url(Question), {"task": str(task.pk)}))
    services.cancel(task, reason="the test is over")
