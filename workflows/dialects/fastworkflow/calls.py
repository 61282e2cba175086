"""The routes that wait for a turn."""

from functools import partial

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from sessions.callers import Caller, Right
from workflows.description.describe import IDEMPOTENCY_KEY, KEEP, describe
from workflows.dialects.fastworkflow import answers
from workflows.dialects.fastworkflow.frames import OUTPUT, SHOWN, TRACE, TurnFramer
from workflows.dialects.fastworkflow.invoking import initialize, invoke, perform
from workflows.dialects.fastworkflow.serializers import (
    InitializeSerializer,
    InvokeSerializer,
    PerformSerializer,
)
from workflows.engine.commands.definition import Mode
from workflows.http.endpoint import endpoint
from workflows.http.parsers import json_body
from workflows.http.views import validated
from workflows.http.waiting import keeps, wait_or_cancel
from workflows.models import Event, EventRow, Task
from workflows.streaming.frames import Frame

_describe = partial(
    describe,
    answers={200: answers.AnsweredSerializer, **answers.ENDINGS},
    errors=(404, 429),
    parameters=[IDEMPOTENCY_KEY, KEEP],
    headers={"X-Task-Id": "The turn's id as a task of `/api/v1/tasks`."},
)


@describe(
    "Begin to talk",
    body=InitializeSerializer,
    examples=answers.INITIALIZE,
    answers={200: answers.UserAnswerSerializer, **answers.ENDINGS},
    errors=(404, 429),
    parameters=[KEEP],
)
@endpoint(Right.RUN, "POST")
async def begin(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /initialize`: make a user known, and what the user talks to. Again it changes what is given differently; of
    a new user the answer comes after the `startup_command`."""
    keeps(request)  # Asked now, while nothing has begun.
    asked = validated(InitializeSerializer, json_body(request))
    channel, turn = await sync_to_async(initialize)(caller, asked)
    if turn is None:
        return JsonResponse({"user_id": channel.name})
    answer = await _answer(request, turn, "initialize")
    if answer.status_code == 200:
        answer = JsonResponse({"user_id": channel.name})
    answer["X-Task-Id"] = str(turn.pk)
    return answer


@_describe("Ask the agent", body=InvokeSerializer, examples=answers.INVOKE)
@endpoint(Right.RUN, "POST")
async def invoke_agent(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /invoke_agent`: it plans, calls commands, and answers."""
    return await _invoke(request, caller, Mode.AGENT, "invoke_agent")


@_describe("Ask the assistant", body=InvokeSerializer, examples=answers.INVOKE)
@endpoint(Right.RUN, "POST")
async def invoke_assistant(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /invoke_assistant`: one command without planning. Where something is missing, the response asks for it, and
    the next query answers."""
    return await _invoke(request, caller, Mode.ASSISTANT, "invoke_assistant")


@_describe("Call a command", body=PerformSerializer, examples=answers.PERFORM)
@endpoint(Right.RUN, "POST")
async def perform_action(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /perform_action`: the command that is named, with these parameters, without a model."""
    keeps(request)
    asked = validated(PerformSerializer, json_body(request))
    turn = await sync_to_async(perform)(request, caller, asked)
    return await _answer(request, turn, "perform_action")


async def _invoke(request: HttpRequest, caller: Caller, mode: Mode, route: str) -> HttpResponseBase:
    keeps(request)  # Asked now, while nothing has begun.
    asked = validated(InvokeSerializer, json_body(request))
    turn = await sync_to_async(invoke)(request, caller, mode, asked)
    return await _answer(request, turn, route)


async def _answer(request: HttpRequest, turn: Task, route: str) -> JsonResponse:
    """What a stream of the turn would tell, once it has ended."""
    turn = await wait_or_cancel(request, turn)
    frames = await sync_to_async(_frames_of)(turn, TurnFramer.of(turn, route))
    traces = [frame.data for frame in frames if frame.name == TRACE]
    last = frames[-1]
    if last.name == OUTPUT:
        response = JsonResponse({**last.data, "traces": traces})
    else:
        response = JsonResponse(last.data, status=turn.error["status"])
    response["X-Task-Id"] = str(turn.pk)
    return response


def _frames_of(turn: Task, framer: TurnFramer) -> list[Frame]:
    events = Event.objects.filter(task=turn, kind__in=SHOWN).order_by("seq")
    rows = events.values_list("task_id", "seq", "session_id", "session_seq", "kind", "data", "created_at")
    return [frame for row in rows if (frame := framer.frame(EventRow(*row)))]
