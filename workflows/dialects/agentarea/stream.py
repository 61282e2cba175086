"""The routes that stream or wait."""

import logging
from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from sessions.callers import Caller, Right
from workflows.description.describe import IDEMPOTENCY_KEY, KEEP, describe
from workflows.dialects.agentarea import answers, showing
from workflows.dialects.agentarea.examples import TASKS
from workflows.dialects.agentarea.frames import TaskFramer, WithHeartbeat
from workflows.dialects.agentarea.running import start
from workflows.dialects.agentarea.serializers import StreamQuerySerializer, TaskSerializer, TasksQuerySerializer
from workflows.dialects.agentarea.states import current_turn, with_status
from workflows.http.endpoint import by_method, endpoint
from workflows.http.lookup import find_agent, find_conversation
from workflows.http.parsers import json_body
from workflows.http.views import validated_query
from workflows.http.waiting import cancel_left, keeps, wait_or_cancel
from workflows.models import Status, Task, Thread
from workflows.streaming.frames import SSE
from workflows.streaming.responses import LATEST, stream_response

logger = logging.getLogger(__name__)

BEGINNING = "0-0"
"""The id before all others."""


@describe("List tasks", answers={200: answers.TaskAnswerSerializer(many=True)}, parameters=[TasksQuerySerializer])
@endpoint(Right.SEE, "GET")
async def list_tasks(request: HttpRequest, caller: Caller, agent_id: str) -> HttpResponseBase:
    """`GET /api/v1/agents/{agent_id}/tasks`: newest first."""
    return JsonResponse(await sync_to_async(_listed)(request, caller, agent_id), safe=False)


@describe(
    "Create a task",
    body=TaskSerializer,
    examples=TASKS,
    answers={200: answers.TaskAnswerSerializer},
    errors=(400, 409, 429),
    parameters=[IDEMPOTENCY_KEY, KEEP],
    headers={"X-Task-Id": "The first turn's id as a task of `/api/v1/tasks`."},
)
@endpoint(Right.RUN, "POST")
async def create_task(request: HttpRequest, caller: Caller, agent_id: str) -> HttpResponseBase:
    """`POST /api/v1/agents/{agent_id}/tasks`: the task starts at once. With `Accept: text/event-stream` the answer is
    its stream; who leaves that before its end cancels the turn, unless with `keep=true` or an `Idempotency-Key`."""
    keep = keeps(request)
    turn = await sync_to_async(start)(request, caller, agent_id, json_body(request))
    thread = await sync_to_async(Thread.objects.select_related("agent").get)(pk=turn.thread_id)
    if SSE.content_type in request.headers.get("Accept", ""):
        response = await _stream(request, caller, thread, BEGINNING, (), None if keep else lambda: cancel_left(turn))
    else:
        response = JsonResponse(await sync_to_async(showing.task_as_it_is)(thread, turn))
    response["X-Task-Id"] = str(turn.pk)
    return response


tasks = by_method(GET=list_tasks, POST=create_task)


@describe(
    "Create a task, and wait for its end",
    body=TaskSerializer,
    examples=TASKS,
    answers={200: answers.TaskAnswerSerializer, **answers.ENDINGS},
    errors=(400, 429),
    parameters=[IDEMPOTENCY_KEY, KEEP],
    headers={"X-Task-Id": "The turn's id as a task of `/api/v1/tasks`."},
)
@endpoint(Right.RUN, "POST")
async def create_and_wait(request: HttpRequest, caller: Caller, agent_id: str) -> HttpResponseBase:
    """`POST /api/v1/agents/{agent_id}/tasks/sync`: one call that waits for the answer."""
    keeps(request)  # Asked now, while nothing has begun.
    turn = await sync_to_async(start)(request, caller, agent_id, json_body(request))
    turn = await wait_or_cancel(request, turn)
    response = await sync_to_async(_ended)(turn)
    response["X-Task-Id"] = str(turn.pk)
    return response


@describe("Follow a task", frames=answers.FRAMES, parameters=[StreamQuerySerializer])
@endpoint(Right.SEE, "GET")
async def task_stream(request: HttpRequest, caller: Caller, agent_id: str, task_id: str) -> HttpResponseBase:
    """`GET /api/v1/agents/{agent_id}/tasks/{task_id}/events/stream`: everything so far (`include_history`), then live,
    until no turn is left. The events of a turn without `enable_streaming` come together, at its end."""
    asked = validated_query(StreamQuerySerializer, request.GET)
    thread = await sync_to_async(find_conversation)(caller, agent_id, task_id)
    begin = BEGINNING if asked["include_history"] else LATEST
    return await _stream(request, caller, thread, begin, tuple(asked.get("event_type", ())), None)


async def _stream(
    request: HttpRequest,
    caller: Caller,
    thread: Thread,
    begin: str,
    types: tuple[str, ...],
    on_left: Callable[[], None] | None,
) -> HttpResponseBase:
    assert thread.agent_id
    framer = TaskFramer(thread.agent_id, thread.pk)
    turn, is_held = await sync_to_async(_current)(thread)
    return await stream_response(
        request,
        caller,
        thread.stream,
        framer,
        greeting=framer.connected(turn.pk),
        on_left=on_left,
        sse=WithHeartbeat(framer),
        begin=begin,
        types=types,
        is_held=is_held,
    )


def _current(thread: Thread) -> tuple[Task, bool]:
    """The turn that is under way, or the last one; and whether its events are kept for its end."""
    turn = current_turn(thread)
    streams = Task.objects.values_list("params__enable_streaming", flat=True).get(pk=turn.pk)
    return turn, not streams


def _listed(request: HttpRequest, caller: Caller, agent_id: str) -> list[dict[str, object]]:
    asked = validated_query(TasksQuerySerializer, request.GET)
    agent = find_agent(caller, agent_id)
    threads = with_status(Thread.objects.filter(agent=agent), asked.get("status")).order_by("-created_at", "-id")
    return showing.task_objects([*threads[asked["offset"] : asked["offset"] + asked["limit"]]])


def _ended(turn: Task) -> JsonResponse:
    assert turn.thread
    answer = showing.task_as_it_is(turn.thread)
    if turn.status == Status.COMPLETED:
        return JsonResponse(answer)
    return JsonResponse({**answer, "detail": turn.error["message"]}, status=turn.error["status"])
