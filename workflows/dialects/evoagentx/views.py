"""Streams and sessions."""

from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.callers import Caller, Right
from sessions.models import ClientSession
from workflows import services
from workflows.description.describe import describe
from workflows.dialects.evoagentx import answers, frames
from workflows.http.endpoint import endpoint
from workflows.http.lookup import find_session, find_task
from workflows.http.views import CallerView
from workflows.models import StreamKey, Task
from workflows.models.stream import timestamp
from workflows.streaming.responses import stream_response

CLIENTS_LISTED = 1000


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
        "created_at": timestamp(session.created_at),
        "last_activity": timestamp(session.last_activity),
        "active_tasks": [str(task.pk) for task in session.tasks.all()],
    }
