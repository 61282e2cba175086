"""`/api/v1/questions`, and those of a task."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.callers import Right
from workflows import services
from workflows.description.describe import describe
from workflows.dialects.native.question_serializers import (
    AnswerSerializer,
    ApproveSerializer,
    QuestionFilterSerializer,
    QuestionPageSerializer,
    QuestionSerializer,
    RejectSerializer,
)
from workflows.engine.questions import Answer
from workflows.exceptions import Conflict
from workflows.http.lookup import find_question, find_task
from workflows.http.paging import CURSOR, NewestFirst
from workflows.http.views import CallerView, validated, validated_query
from workflows.models import Question


class QuestionList(CallerView):
    """`GET /api/v1/questions`: the group's, newest first; `status` (repeatable), `page_size`, `cursor`."""

    rights = {"GET": Right.SEE}

    @describe("List questions", answers={200: QuestionPageSerializer}, parameters=[QuestionFilterSerializer, CURSOR])
    def get(self, request: Request) -> Response:
        return _page(self, Question.objects.visible_to(self.caller))


class TaskQuestions(CallerView):
    """`GET /api/v1/tasks/{id}/questions`: a task's."""

    rights = {"GET": Right.SEE}

    @describe(
        "List a task's questions", answers={200: QuestionPageSerializer}, parameters=[QuestionFilterSerializer, CURSOR]
    )
    def get(self, request: Request, task_id: str) -> Response:
        return _page(self, Question.objects.filter(task=find_task(self.caller, task_id)))


class QuestionDetail(CallerView):
    """`GET /api/v1/questions/{id}`: with all that it is about, and its answer once there is one."""

    rights = {"GET": Right.SEE}

    @describe("Look at a question", answers={200: QuestionSerializer})
    def get(self, request: Request, question_id: str) -> Response:
        return Response(QuestionSerializer(find_question(self.caller, question_id)).data)


class ApproveQuestion(CallerView):
    """`POST /api/v1/questions/{id}/approve`: yes, if you like with other `arguments`."""

    rights = {"POST": Right.RUN}

    @describe(
        "Approve",
        body=ApproveSerializer,
        examples={"As it is": {}, "With other arguments": {"arguments": {"to": "team@example.com"}}},
        answers={200: QuestionSerializer},
        errors=(409,),
    )
    def post(self, request: Request, question_id: str) -> Response:
        asked = validated(ApproveSerializer, self.body())
        return _answered(self, question_id, Question.Kind.APPROVAL, Answer(True, arguments=asked.get("arguments")))


class RejectQuestion(CallerView):
    """`POST /api/v1/questions/{id}/reject`: no. The agent reads the `reason`."""

    rights = {"POST": Right.RUN}

    @describe(
        "Reject",
        body=RejectSerializer,
        examples={"With a reason": {"reason": "Ask the customer first."}},
        answers={200: QuestionSerializer},
        errors=(409,),
    )
    def post(self, request: Request, question_id: str) -> Response:
        asked = validated(RejectSerializer, self.body())
        return _answered(self, question_id, Question.Kind.APPROVAL, Answer(reason=asked.get("reason", "")))


class AnswerQuestion(CallerView):
    """`POST /api/v1/questions/{id}/answer`: what a question for input asks for."""

    rights = {"POST": Right.RUN}

    @describe(
        "Answer",
        body=AnswerSerializer,
        examples={"A text": {"value": "The blue one."}},
        answers={200: QuestionSerializer},
        errors=(409,),
    )
    def post(self, request: Request, question_id: str) -> Response:
        asked = validated(AnswerSerializer, self.body())
        return _answered(self, question_id, Question.Kind.INPUT, Answer(value=asked["value"]))


def _page(view: CallerView, questions: "QuerySet[Question]") -> Response:
    asked = validated_query(QuestionFilterSerializer, view.request.query_params)
    if asked.get("status"):
        questions = questions.filter(status__in=sorted(asked["status"]))
    pages = NewestFirst()
    page: Any = pages.paginate_queryset(questions.select_related("answered_by"), view.request, view=view)
    return pages.get_paginated_response(QuestionSerializer(page, many=True).data)


def _answered(view: CallerView, question_id: str, kind: str, said: Answer) -> Response:
    question = find_question(view.caller, question_id)
    if question.kind != kind:
        right = "approve or reject it" if question.kind == Question.Kind.APPROVAL else "answer it with a value"
        raise Conflict(f"This question asks for {question.get_kind_display().lower()}: {right}.")
    return Response(QuestionSerializer(services.answer(question, said, view.caller.user)).data)
