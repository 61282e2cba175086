"""The routes that start tasks: each job as a call that waits, as a task with a stream, and in a session."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.callers import Caller, Right
from workflows.description.describe import IDEMPOTENCY_KEY, KEEP, Answer, describe
from workflows.description.describe import Status as Code
from workflows.dialects.evoagentx import answers
from workflows.dialects.evoagentx.submission import WAYS, submit_job
from workflows.http.endpoint import endpoint
from workflows.http.lookup import find_session
from workflows.http.parsers import json_body
from workflows.http.views import CallerView
from workflows.http.waiting import keeps, wait_or_cancel
from workflows.models import Job, Status, Task
from workflows.models.stream import timestamp

TASK_ID = {"X-Task-Id": "The task's id."}
ENDINGS: Mapping[Code, Answer] = {
    402: OpenApiResponse(answers.FailureSerializer, "The budget does not allow another model call."),
    409: OpenApiResponse(
        answers.CancelledSerializer, "The task was cancelled, or the request cannot be met as things stand."
    ),
    502: OpenApiResponse(answers.FailureSerializer, "The model failed, or its replies stayed invalid."),
    504: OpenApiResponse(answers.FailureSerializer, "The timeout passed."),
}
MORE_ENDINGS: Mapping[Job, Mapping[Code, Answer]] = {
    Job.RUN: {
        422: OpenApiResponse(
            answers.InputsMissingSerializer,
            "Something in the request is wrong; or the workflow that was generated needs inputs that it did not hold.",
        )
    }
}
FINDS_A_TASK: Mapping[Job, tuple[int, ...]] = {Job.EXECUTE: (404,)}

V = TypeVar("V", bound=Callable[..., Any])


def waits(job: Job, summary: str, answer: type[serializers.Serializer[Any]]) -> Callable[[V], V]:
    """Describes a call that waits for the task's end."""
    return describe(
        summary,
        body=WAYS[job].serializer,
        examples=answers.REQUESTS[job],
        answers={200: answer, **ENDINGS, **MORE_ENDINGS.get(job, {})},
        errors=(*FINDS_A_TASK.get(job, ()), 429),
        parameters=[IDEMPOTENCY_KEY, KEEP],
        headers=TASK_ID,
    )


def starts(job: Job, summary: str, answer: type[serializers.Serializer[Any]]) -> Callable[[V], V]:
    """Describes a route that answers as soon as there is a task."""
    return describe(
        summary,
        body=WAYS[job].serializer,
        examples=answers.REQUESTS[job],
        answers={200: answer},
        errors=(*FINDS_A_TASK.get(job, ()), 409, 429),
        parameters=[IDEMPOTENCY_KEY],
        headers=TASK_ID,
    )


@waits(Job.GENERATE, "Generate a workflow, and wait for it", answers.WorkflowSerializer)
@endpoint(Right.RUN, "POST")
async def generate(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /workflow/generate`: one call that waits for the workflow."""
    return await _wait_for(Job.GENERATE, request, caller)


@waits(Job.EXECUTE, "Execute a workflow, and wait for its results", answers.ExecutionSerializer)
@endpoint(Right.RUN, "POST")
async def execute(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /workflow/execute`: a posted or a generated workflow, in one call that waits for what it makes."""
    return await _wait_for(Job.EXECUTE, request, caller)


@waits(Job.RUN, "Generate a workflow, execute it, and wait for its results", answers.RunSerializer)
@endpoint(Right.RUN, "POST")
async def run(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /workflow/run`: from a goal to what its workflow makes, as one task."""
    return await _wait_for(Job.RUN, request, caller)


class Start(CallerView):
    """A task with a stream of its own."""

    rights = {"POST": Right.RUN}

    def start(self, job: Job) -> Response:
        task = submit_job(job, self.request._request, self.caller, self.body())
        answer = {
            "task_id": str(task.pk),
            "status": "started",
            "stream_url": f"/stream/{task.pk}",
            "task_type": task.job,
        }
        return Response(answer, headers={"X-Task-Id": str(task.pk)})


class StartGeneration(Start):
    """`POST /stream/workflow/generate`: a task with a stream of its own."""

    @starts(Job.GENERATE, "Start a generation", answers.StartedSerializer)
    def post(self, request: Request) -> Response:
        return self.start(Job.GENERATE)


class StartExecution(Start):
    """`POST /stream/workflow/execute`: a posted or a generated workflow, as a task with a stream of its own."""

    @starts(Job.EXECUTE, "Start an execution", answers.StartedSerializer)
    def post(self, request: Request) -> Response:
        return self.start(Job.EXECUTE)


class StartRun(Start):
    """`POST /stream/workflow/run`: from a goal to what its workflow makes, as a task with a stream of its own."""

    @starts(Job.RUN, "Start a whole run", answers.StartedSerializer)
    def post(self, request: Request) -> Response:
        return self.start(Job.RUN)


class StartWithin(CallerView):
    """A task in a client session."""

    rights = {"POST": Right.RUN}

    def start(self, job: Job, client_id: str) -> Response:
        session = find_session(self.caller, client_id)
        task = submit_job(job, self.request._request, self.caller, self.body(), session=session)
        answer = {"task_id": str(task.pk), "status": "started", "client_id": str(session.pk)}
        return Response(answer, headers={"X-Task-Id": str(task.pk)})


class StartInSession(StartWithin):
    """`POST /client/{client_id}/workflow/generate`: what happens is told on the session's stream."""

    @starts(Job.GENERATE, "Start a generation in a session", answers.StartedInSessionSerializer)
    def post(self, request: Request, client_id: str) -> Response:
        return self.start(Job.GENERATE, client_id)


class StartExecutionInSession(StartWithin):
    """`POST /client/{client_id}/workflow/execute`: what happens is told on the session's stream."""

    @starts(Job.EXECUTE, "Start an execution in a session", answers.StartedInSessionSerializer)
    def post(self, request: Request, client_id: str) -> Response:
        return self.start(Job.EXECUTE, client_id)


class StartRunInSession(StartWithin):
    """`POST /client/{client_id}/workflow/run`: what happens is told on the session's stream."""

    @starts(Job.RUN, "Start a whole run in a session", answers.StartedInSessionSerializer)
    def post(self, request: Request, client_id: str) -> Response:
        return self.start(Job.RUN, client_id)


async def _wait_for(job: Job, request: HttpRequest, caller: Caller) -> HttpResponseBase:
    keeps(request)  # Asked now, while nothing has begun.
    body = json_body(request)
    task = await sync_to_async(submit_job)(job, request, caller, body)
    task = await wait_or_cancel(request, task)
    response = JsonResponse(_answer(task), status=_status(task))
    response["X-Task-Id"] = str(task.pk)
    return response


def _answer(task: Task) -> dict[str, Any]:
    if task.status == Status.COMPLETED:
        return {"success": True, **task.result, "timestamp": timestamp(timezone.now())}
    return {"success": False, "detail": task.error["message"], "task_id": str(task.pk)}


def _status(task: Task) -> int:
    return 200 if task.status == Status.COMPLETED else task.error["status"]
