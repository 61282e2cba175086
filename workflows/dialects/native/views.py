"""`/api/v1/tasks` and `/api/v1/tickets`."""

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from rest_framework.request import Request
from rest_framework.response import Response

from sessions import tickets
from sessions.callers import Caller, Right
from workflows import services
from workflows.description.describe import describe
from workflows.dialects.native.frames import NATIVE
from workflows.dialects.native.kinds import FRAMES
from workflows.dialects.native.serializers import (
    EventListSerializer,
    EventPageSerializer,
    RerunSerializer,
    TaskDetailSerializer,
    TaskFilterSerializer,
    TaskPageSerializer,
    TaskSerializer,
    TicketIssuedSerializer,
    TicketSerializer,
)
from workflows.http.access import spend
from workflows.http.endpoint import endpoint
from workflows.http.lookup import find_task
from workflows.http.mcp_config import choose_servers
from workflows.http.paging import CURSOR, NewestFirst
from workflows.http.parsers import json_body
from workflows.http.tickets import find_opening, issue_ticket
from workflows.http.views import CallerView, validated, validated_query
from workflows.models import Task
from workflows.streaming.log import read_events
from workflows.streaming.responses import stream_response


class TaskList(CallerView):
    """`GET /api/v1/tasks`: newest first; `status` (repeatable), `job`, `session_id`, `q`, `page_size`, `cursor`."""

    rights = {"GET": Right.SEE}

    @describe("List tasks", answers={200: TaskPageSerializer}, parameters=[TaskFilterSerializer, CURSOR])
    def get(self, request: Request) -> Response:
        tasks = _filtered(Task.objects.visible_to(self.caller), request)
        pages = NewestFirst()
        page = pages.paginate_queryset(tasks.defer("secrets", "params", "result"), request, view=self)
        return pages.get_paginated_response(TaskSerializer(page, many=True).data)


class TaskDetail(CallerView):
    """`GET /api/v1/tasks/{id}`: with its params and its result."""

    rights = {"GET": Right.SEE}

    @describe("Look at a task", answers={200: TaskDetailSerializer})
    def get(self, request: Request, task_id: str) -> Response:
        return Response(TaskDetailSerializer(find_task(self.caller, task_id)).data)


class TaskEvents(CallerView):
    """`GET /api/v1/tasks/{id}/events?after=&limit=`: the stream's events as JSON, for where streams are blocked."""

    rights = {"GET": Right.SEE}

    @describe("List a task's events", answers={200: EventListSerializer}, parameters=[EventPageSerializer])
    def get(self, request: Request, task_id: str) -> Response:
        task = find_task(self.caller, task_id)
        page = validated_query(EventPageSerializer, request.query_params)
        rows = read_events(task.stream, page["after"], page["limit"] + 1)
        events = [row.to_object() for row in rows[: page["limit"]]]
        last = events[-1]["seq"] if events else page["after"]
        return Response({"events": events, "last_seq": last, "has_next": len(rows) > page["limit"]})


@describe("Follow a task's events", frames=FRAMES)
@endpoint(Right.SEE, "GET")
async def task_event_stream(request: HttpRequest, caller: Caller, task_id: str) -> HttpResponseBase:
    """`GET /api/v1/tasks/{id}/events/stream`: its events of all kinds, as they are, each under its kind's name."""
    task = await sync_to_async(find_task)(caller, task_id)
    return await stream_response(request, caller, task.stream, NATIVE)


class CancelTask(CallerView):
    """`POST /api/v1/tasks/{id}/cancel`: it ends at once for everybody; its worker learns so within a second."""

    rights = {"POST": Right.CANCEL}

    @describe("Cancel a task", answers={200: TaskDetailSerializer}, errors=(409,))
    def post(self, request: Request, task_id: str) -> Response:
        task = find_task(self.caller, task_id)
        services.cancel(task, reason=f"cancelled by {self.caller.user.get_username()}")
        return Response(TaskDetailSerializer(find_task(self.caller, task_id)).data)


class PauseTask(CallerView):
    """`POST /api/v1/tasks/{id}/pause`: a running task pauses once what is under way has ended."""

    rights = {"POST": Right.RUN}

    @describe("Pause a task", answers={200: TaskDetailSerializer}, errors=(409,))
    def post(self, request: Request, task_id: str) -> Response:
        by = self.caller.user.get_username()
        task = services.pause(find_task(self.caller, task_id), reason=f"paused by {by}")
        return Response(TaskDetailSerializer(task).data)


class ResumeTask(CallerView):
    """`POST /api/v1/tasks/{id}/resume`: a paused task waits for a worker again. Paused time is not timed."""

    rights = {"POST": Right.RUN}

    @describe("Resume a task", answers={200: TaskDetailSerializer}, errors=(409,))
    def post(self, request: Request, task_id: str) -> Response:
        return Response(TaskDetailSerializer(services.resume(find_task(self.caller, task_id))).data)


class RerunTask(CallerView):
    """`POST /api/v1/tasks/{id}/rerun`: a new task; a failed one goes on where its ledger ends.

    With `nodes` those of a workflow, and what follows them, run again, with `inputs` in place of the earlier ones.
    """

    rights = {"POST": Right.RUN}

    @describe(
        "Run a task again",
        body=RerunSerializer,
        examples={"Nothing to add": {}, "With the caller's model key again": {"llm_config": {"openai_key": "sk-…"}}},
        answers={201: TaskDetailSerializer},
        errors=(409, 429),
        headers={"X-Task-Id": "The new task's id.", "Location": "Its path."},
    )
    def post(self, request: Request, task_id: str) -> Response:
        task = find_task(self.caller, task_id)
        asked = validated(RerunSerializer, self.body())
        servers = choose_servers(self.caller, asked.get("mcp_config"))
        spend(self.caller)
        again = services.rerun(
            self.caller,
            task,
            secrets={**(asked.get("llm_config") or {}), **servers.secrets},
            redo=asked.get("nodes", ()),
            inputs=asked.get("inputs"),
        )
        return Response(
            TaskDetailSerializer(find_task(self.caller, str(again.pk))).data,
            status=201,
            headers={"X-Task-Id": str(again.pk), "Location": f"/api/v1/tasks/{again.pk}"},
        )


@describe(
    "Ask for a stream ticket",
    body=TicketSerializer,
    examples={"A task's stream": {"stream": "/stream/7d5f6d4e-6f0a-4c2e-9f0f-0b6d2f5a3f11?types=update"}},
    answers={201: TicketIssuedSerializer},
    errors=(404,),
)
@endpoint(Right.SEE, "POST")
async def create_ticket(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /api/v1/tickets`: an address for a stream that needs no header, for `EventSource`."""
    asked = validated(TicketSerializer, json_body(request))
    opening = await find_opening(caller, asked["stream"])
    ticket = await sync_to_async(issue_ticket)(caller, opening)
    answer = {
        "ticket": ticket,
        "stream_url": opening.with_ticket(ticket),
        "expires_in": int(tickets.LIFETIME.total_seconds()),
    }
    return JsonResponse(answer, status=201, headers={"Cache-Control": "no-store"})


def _filtered(tasks: QuerySet[Task], request: Request) -> QuerySet[Task]:
    asked = validated_query(TaskFilterSerializer, request.query_params)
    if asked.get("status"):
        tasks = tasks.filter(status__in=sorted(asked["status"]))
    if "job" in asked:
        tasks = tasks.filter(job=asked["job"])
    if "session_id" in asked:
        tasks = tasks.filter(session_id=asked["session_id"])
    if "q" in asked:
        tasks = tasks.filter(goal__icontains=asked["q"])
    return tasks
