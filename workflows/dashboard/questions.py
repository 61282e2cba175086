"""The pages of questions: the group's open ones, those of a task, and what a person answers."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from sessions.callers import Caller, Right
from workflows import services
from workflows.dashboard.forms import AnswerForm
from workflows.dashboard.listing import PAGE, iso
from workflows.dashboard.pages import page
from workflows.exceptions import Invalid
from workflows.http.lookup import find_question, find_task
from workflows.models import Question

Item = dict[str, Any]

LIST: Final = "questions"
CONVERSATION: Final = "conversation"
"""From which page a question is answered, where that is not its task's: it leads back there."""


@page(GET=Right.SEE)
def questions(request: HttpRequest, caller: Caller) -> HttpResponse:
    """`/questions/`: what waits for the group's answers, the oldest first."""
    visible = Question.objects.visible_to(caller).open().select_related("task")
    found = list(visible.order_by("created_at")[: PAGE + 1])
    return _page(request, caller, [_item(one) for one in found[:PAGE]], has_more=len(found) > PAGE)


@page(GET=Right.SEE)
def of_task(request: HttpRequest, caller: Caller, task_id: str) -> HttpResponse:
    """`/tasks/<id>/questions`: the open ones, as the task's page holds them, or (`?back=conversation`) that of the
    conversation whose turn it is."""
    context = {
        "caller": caller,
        "may_run": caller.may(Right.RUN),
        "items": open_items(caller, task_id),
        "back": CONVERSATION if request.GET.get("back") == CONVERSATION else "",
    }
    return render(request, "dashboard/_questions.html", context)


@page(POST=Right.RUN)
def answer(request: HttpRequest, caller: Caller, question_id: str) -> HttpResponseBase:
    """`/questions/<id>/answer`: approve, reject, or a value, by the button that was pressed."""
    question = find_question(caller, question_id)
    form = AnswerForm(question, request.POST)
    if not form.is_valid():
        return _page(request, caller, [_item(question, form)], status=422)
    try:
        services.answer(question, form.answer, caller.user)
    except Invalid as invalid:
        form.refuse(invalid)
        return _page(request, caller, [_item(question, form)], status=422)
    thread = question.task.thread
    back = request.POST.get("back")
    if back == LIST:
        return redirect("dashboard:questions")
    if back == CONVERSATION and thread and thread.agent_id:
        return redirect("dashboard:conversation", thread.agent_id, thread.pk)
    return redirect("dashboard:task", question.task_id)


def open_items(caller: Caller, task_id: str) -> list[Item]:
    """The open questions of a task, each with its form. Raises NotFound."""
    task = find_task(caller, task_id)
    return [_item(one) for one in task.questions.open().select_related("task").order_by("created_at")[:PAGE]]


def _item(question: Question, form: AnswerForm | None = None) -> Item:
    return {
        "question": question,
        "form": form or AnswerForm(question),
        "deadline": iso(question.deadline),
        "created": iso(question.created_at),
    }


def _page(
    request: HttpRequest, caller: Caller, items: list[Item], *, status: int = 200, has_more: bool = False
) -> HttpResponse:
    context = {
        "caller": caller,
        "may_run": caller.may(Right.RUN),
        "items": items,
        "has_more": has_more,
        "back": LIST,
    }
    return render(request, "dashboard/questions.html", context, status=status)
