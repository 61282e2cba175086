"""The dialect's routes."""

from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.callers import Caller, Right
from sessions.models import ClientSession
from workflows import services
from workflows.description.describe import IDEMPOTENCY_KEY, KEEP, describe
from workflows.dialects.evoagentx import answers, frames
from workflows.dialects.evoagentx.serializers import GenerateSerializer
from workflows.dialects.evoagentx.submission import submit_generation
from workflows.http.endpoint import endpoint
from workflows.http.lookup import find_session, find_task
from workflows.http.parsers import json_body
from workflows.http.views import CallerView
from workflows.http.waiting import keeps, wait_or_cancel
from workflows.models import Status, StreamKey, Task
from workflows.streaming.responses import stream_response

CLIENTS_LISTED = 1000

TASK_ID = {"X-Task-Id": "The task's id."}


@describe(
    "Generate a workflow, and wait for it",
    body=GenerateSerializer,
    examples=answers.WORKFLOW_REQUESTS,
    answers={
        200: answers.WorkflowSerializer,
        409: OpenApiResponse(
            answers.CancelledSerializer, "The task was cancelled, or the `Idempotency-Key` is another request's."
        ),
        502: OpenApiResponse(answers.FailureSerializer, "The model failed, or its replies stayed invalid."),
        504: OpenApiResponse(answers.FailureSerializer, "The timeout passed."),
    },
    errors=(429,),
    parameters=[IDEMPOTENCY_KEY, KEEP],
    headers=TASK_ID,
)
@endpoint(Right.RUN, "POST")
async def generate(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /workflow/generate`: one call that waits for the workflow."""
    keeps(request)  # Asked now, while nothing has begun.
    body = json_body(request)
    task = await sync_to_async(submit_generation)(request, caller, body)
    task = await wait_or_cancel(request, task)
    response = JsonResponse(_answer(task), status=_status(task))
    response["X-Task-Id"] = str(task.pk)
    return response


class StartGeneration(CallerView):
    """`POST /stream/workflow/generate`: a task with a stream of its own."""

    rights = {"POST": Right.RUN}

    @describe(
        "Start a generation",
        body=GenerateSerializer,
        examples=answers.WORKFLOW_REQUESTS,
        answers={200: answers.StartedSerializer},
        errors=(409, 429),
        parameters=[IDEMPOTENCY_KEY],
        headers=TASK_ID,
    )
    def post(self, request: Request) -> Response:
        task = submit_generation(request._request, self.caller, self.body())
        return Response(
            {
                "task_id": str(task.pk),
                "status": "started",
                "stream_url": f"/stream/{task.pk}",
                "task_type": task.job,
            },
            headers={"X-Task-Id": str(task.pk)},
        )


@describe("Follow a task", frames=answers.TASK_FRAMES)
@endpoint(Right.SEE, "GET")
async def task_stream(request: HttpRequest, caller: Caller, task_id: str) -> HttpResponseBase:
    """`GET /stream/{task_id}`: `update` and `token` in any number, then one `complete` or one `error`."""
    task = await sync_to_async(find_task)(caller, task_id)
    return await stream_response(request, caller, task.stream, frames.TASK)


class Connect(CallerView):
    """`POST /connect`: a client session, whose one stream carries many tasks."""

    rights = {"POST": Right.RUN}

    @describe("Open a session", answers={200: answers.ConnectedSerializer})
    def post(self, request: Request) -> Response:
        session = services.open_session(self.caller)
        return Response({"client_id": str(session.pk), "stream_url": f"/stream/client/{session.pk}"})


class StartInSession(CallerView):
    """`POST /client/{client_id}/workflow/generate`: a task that the session's stream tells of."""

    rights = {"POST": Right.RUN}

    @describe(
        "Start a generation in a session",
        body=GenerateSerializer,
        examples=answers.WORKFLOW_REQUESTS,
        answers={200: answers.StartedInSessionSerializer},
        errors=(409, 429),
        parameters=[IDEMPOTENCY_KEY],
        headers=TASK_ID,
    )
    def post(self, request: Request, client_id: str) -> Response:
        session = find_session(self.caller, client_id)
        task = submit_generation(request._request, self.caller, self.body(), session=session)
        return Response(
            {"task_id": str(task.pk), "status": "started", "client_id": str(session.pk)},
            headers={"X-Task-Id": str(task.pk)},
        )


@describe("Follow a session", frames=answers.SESSION_FRAMES)
@endpoint(Right.SEE, "GET")
async def session_stream(request: HttpRequest, caller: Caller, client_id: str) -> HttpResponseBase:
    """`GET /stream/client/{client_id}`: all tasks of the session, each frame with its `task_id`, until it ends."""
    session = await sync_to_async(find_session)(caller, client_id)
    return await stream_response(request, caller, StreamKey("session", session.pk), frames.SESSION)


class Disconnect(CallerView):
    """`DELETE /client/{client_id}`: cancels what runs in the session and ends it. Again is harmless."""

    rights = {"DELETE": Right.RUN}

    @describe("Close a session", answers={200: answers.DisconnectedSerializer})
    def delete(self, request: Request, client_id: str) -> Response:
        session = find_session(self.caller, client_id)
        services.close_session(session)
        return Response({"status": "disconnected", "client_id": str(session.pk)})


class Clients(CallerView):
    """`GET /clients`: the open sessions of the caller's group, newest first."""

    rights = {"GET": Right.SEE}

    @describe("List open sessions", answers={200: answers.ClientsSerializer})
    def get(self, request: Request) -> Response:
        running = Prefetch("tasks", Task.objects.unfinished().order_by("created_at").only("pk", "session"))
        open_ = ClientSession.objects.visible_to(self.caller).filter(status=ClientSession.Status.OPEN)
        sessions = list(open_.order_by("-created_at").prefetch_related(running)[:CLIENTS_LISTED])
        return Response({"active_clients": [_client(session) for session in sessions], "total": open_.count()})


def _client(session: ClientSession) -> dict[str, Any]:
    return {
        "client_id": str(session.pk),
        "created_at": frames.timestamp(session.created_at),
        "last_activity": frames.timestamp(session.last_activity),
        "active_tasks": [str(task.pk) for task in session.tasks.all()],
    }


def _answer(task: Task) -> dict[str, Any]:
    if task.status == Status.COMPLETED:
        return {"success": True, **task.result, "timestamp": frames.timestamp(timezone.now())}
    return {"success": False, "detail": task.error["message"], "task_id": str(task.pk)}


def _status(task: Task) -> int:
    return 200 if task.status == Status.COMPLETED else task.error["status"]
