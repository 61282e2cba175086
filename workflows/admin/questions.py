"""Questions: what tasks ask, what was answered, and a yes or no by an operator."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest

from sessions.callers import Right
from workflows import services
from workflows.admin import showing
from workflows.admin.confirmation import Acting, Button, Done, confirmed
from workflows.admin.history import History
from workflows.engine.questions import Answer
from workflows.exceptions import Conflict
from workflows.models import Question, Task

SHOWN_CHARACTERS = 100


@admin.register(Question)
class QuestionAdmin(Acting, History):
    list_display = ("short_text", "kind", "status", "of_task", "group", "created_at", "deadline", "answered_by")
    list_filter = ("status", "kind", "group")
    list_select_related = ("group", "answered_by")
    ordering = ("-created_at", "-id")
    found_by = search_fields = ("pk", "task")
    search_help_text = "The id of a question or of a task"
    actions = ("approve", "reject")
    fields = (
        "id", "text", "kind", "status", "of_task", "group", "node", "key", "created_at", "deadline", "shown_details",
        "shown_default", "shown_answer", "answered_by", "settled_at",
    )  # fmt: skip
    readonly_fields = ("of_task", "shown_details", "shown_default", "shown_answer")

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Right.RUN)

    @confirmed(
        verb="Approve",
        question="What is asked here will be done, with the arguments that are shown. Your name is written down.",
        permission="answer",
    )
    def approve(self, request: HttpRequest, question: Question) -> Done:
        return self._answer(request, question, Answer(True))

    @confirmed(verb="Reject", question="What is asked here will not be done, for good.", permission="answer")
    def reject(self, request: HttpRequest, question: Question) -> Done:
        return self._answer(request, question, Answer(reason="rejected by an administrator"))

    def _answer(self, request: HttpRequest, question: Question, said: Answer) -> Done:
        assert isinstance(request.user, User)
        if question.kind != Question.Kind.APPROVAL:
            raise Conflict("This question asks for a text, which is given on the task's own page or by the API.")
        answered = services.answer(question, said, request.user)
        return Done(f"{services.said_in_words(answered).capitalize()}.")

    def describe(self, row: Any) -> str:
        arguments = row.details["arguments"]
        return f"{row.status}: {row.text} {'' if arguments is None else arguments}"[:500]

    def buttons_of(self, request: HttpRequest, row: Question) -> list[Button]:
        is_open = row.kind == Question.Kind.APPROVAL and row.status == Question.Status.OPEN
        if not is_open or not self.has_answer_permission(request):
            return []
        return [Button("approve", "Approve"), Button("reject", "Reject")]

    @admin.display(description="question")
    def short_text(self, question: Question) -> str:
        return question.text if len(question.text) <= SHOWN_CHARACTERS else f"{question.text[:SHOWN_CHARACTERS]}…"

    @admin.display(description="task")
    def of_task(self, question: Question) -> str:
        return showing.link(Task, question.task_id)

    @admin.display(description="details")
    def shown_details(self, question: Question) -> str:
        return showing.pretty(question.details)

    @admin.display(description="default")
    def shown_default(self, question: Question) -> str:
        return showing.pretty(question.default)

    @admin.display(description="answer")
    def shown_answer(self, question: Question) -> str:
        return showing.pretty(question.answer)
