"""An operator sees what tasks ask, and says yes or no: asked first, through the services."""

from django.test import Client

from sessions.callers import Caller
from tests.admin.asking import act, list_url, messages_of, page_url, text_of
from tests.factories import make_question, make_running, make_worker
from workflows import services
from workflows.engine import questions as asking
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

    assert "Enter a valid JSON" in text_of(act(client, question, "approve", arguments="{to: nobody"))
    refused = act(client, question, "approve", arguments='{"to": 5}')
    assert "is not of type" in messages_of(refused)[-1]
    assert (
        "Approved with other arguments." in messages_of(act(client, question, "approve", arguments='{"to": "ada"}'))[-1]
    )
    question.refresh_from_db()
    assert question.answer
    assert question.answer["approved"]
    assert question.answer["arguments"] == {"to": "ada"}
    assert "has answered this already: approved" in messages_of(act(client, question, "reject"))[-1]
    assert 'value="approve"' not in text_of(client.get(page_url(question)))
    assert str(question.pk) in text_of(client.get(list_url(Question), {"task": str(task.pk)}))
    services.cancel(task, reason="the test is over")


def test_an_operator_answers_and_rejects_with_a_reason(client: Client, caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    choices = {"type": "string", "enum": ["north", "south"]}
    which = make_question(
        task, claim, asking.Question("input", "Which one?", "execute", "choose", choices), key="question/b"
    )
    may_it = make_question(task, claim, number=2)
    assert 'value="north"' in text_of(act(client, which, "give_answer", confirmed=False))
    assert "Approve or reject it instead" in messages_of(act(client, may_it, "give_answer"))[-1]
    assert "Select a valid choice" in text_of(act(client, which, "give_answer", value="west"))
    assert "north" in messages_of(act(client, which, "give_answer", value="north"))[-1]
    assert "Rejected (too early)." in messages_of(act(client, may_it, "reject", reason="too early"))[-1]
    services.cancel(task, reason="the test is over")
