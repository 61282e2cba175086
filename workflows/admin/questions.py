"""Questions: what tasks ask, what was answered, and answers by an operator."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
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
from workflows.http.answering import arguments_field, reason_field, value_field
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
    actions = ("approve", "reject", "give_answer")
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
        form=lambda questions, data: _form(questions, data, "arguments"),
    )
    def approve(self, request: HttpRequest, question: Question, arguments: Any = None) -> Done:
        are_new = arguments != question.details["arguments"]
        return self._answer(request, question, Answer(True, arguments=arguments if are_new else None))

    @confirmed(
        verb="Reject",
        question="What is asked here will not be done, for good.",
        permission="answer",
        form=lambda questions, data: _form(questions, data, "reason"),
    )
    def reject(self, request: HttpRequest, question: Question, reason: str) -> Done:
        return self._answer(request, question, Answer(reason=reason or "rejected by an administrator"))

    @confirmed(
        verb="Answer",
        question="The task goes on with what you answer. Your name is written down.",
        permission="answer",
        form=lambda questions, data: _form(questions, data, "value"),
    )
    def give_answer(self, request: HttpRequest, question: Question, value: str | None = None) -> Done:
        return self._answer(request, question, Answer(value=value), Question.Kind.INPUT)

    def _answer(
        self, request: HttpRequest, question: Question, said: Answer, kind: str = Question.Kind.APPROVAL
    ) -> Done:
        assert isinstance(request.user, User)
        if question.kind != kind:
            wanted = "Approve or reject it" if question.kind == Question.Kind.APPROVAL else "Answer it"
            raise Conflict(f"This question asks for {question.get_kind_display().lower()}. {wanted} instead.")
        answered = services.answer(question, said, request.user)
        return Done(f"{services.said_in_words(answered).capitalize()}.")

    def describe(self, row: Any) -> str:
        arguments = row.details["arguments"]
        return f"{row.status}: {row.text} {'' if arguments is None else arguments}"[:500]

    def buttons_of(self, request: HttpRequest, row: Question) -> list[Button]:
        if row.status != Question.Status.OPEN or not self.has_answer_permission(request):
            return []
        if row.kind == Question.Kind.INPUT:
            return [Button("give_answer", "Answer")]
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


def _form(questions: Sequence[Question], data: Mapping[str, Any] | None, field: str) -> forms.Form:
    """With the field, as it fits a single question; several may be rejected for the same reason, or approved as they
    are."""
    form = forms.Form(data)
    question = questions[0]
    match field:
        case "reason":
            form.fields[field] = reason_field()
        case "arguments" if len(questions) == 1 and question.kind == Question.Kind.APPROVAL:
            form.fields[field] = arguments_field(question.details["arguments"])
        case "value" if len(questions) == 1 and question.kind == Question.Kind.INPUT:
            form.fields[field] = value_field(question.details["schema"].get("enum"))
    return form
