"""The routes."""

import logging

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse

from sessions.callers import Caller, Right
from workflows.description.describe import IDEMPOTENCY_KEY, KEEP, describe
from workflows.dialects.autogen import answers, frames
from workflows.dialects.autogen.asking import find_question_asked, submit_question
from workflows.dialects.autogen.rehearsal import rehearse
from workflows.dialects.autogen.serializers import AskSerializer, ReplaySerializer, TeamSerializer
from workflows.http.endpoint import by_method, endpoint
from workflows.http.parsers import json_body
from workflows.http.views import validated_query
from workflows.http.waiting import cancel_left, keeps
from workflows.models import Task
from workflows.streaming.hub import get_hub
from workflows.streaming.responses import EventStream, requested_format, stream_response
from workflows.streaming.threads import release_thread

logger = logging.getLogger("stream_events")


@describe(
    "Ask a team",
    body=AskSerializer,
    examples=answers.REQUESTS,
    frames=answers.FRAMES,
    errors=(404, 409),
    parameters=[TeamSerializer, IDEMPOTENCY_KEY, KEEP],
    headers={"X-Task-Id": "The task's id."},
)
@endpoint(Right.RUN, "POST")
async def ask_stream(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /ask-stream`: a question to a team, and all that its agents do until it is answered. Who leaves before that
    withdraws the question, unless it is kept."""
    keep = keeps(request)
    get_hub().check_room(caller)  # Asked now, while nothing has begun.
    body = json_body(request)
    task = await sync_to_async(submit_question)(request, caller, body)
    response = await _follow(request, caller, task, keep=keep)
    response["X-Task-Id"] = str(task.pk)
    return response


@describe("Follow a question", frames=answers.FRAMES, errors=(404,), parameters=[ReplaySerializer])
@endpoint(Right.SEE, "GET")
async def follow_stream(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`GET /ask-stream`: the same frames of a question that was asked before, from the beginning or from an id on."""
    asked = validated_query(ReplaySerializer, request.GET)
    task = await sync_to_async(find_question_asked)(caller, asked["task_id"])
    return await _follow(request, caller, task, keep=True)


ask = by_method(GET=follow_stream, POST=ask_stream)


async def _follow(request: HttpRequest, caller: Caller, task: Task, *, keep: bool) -> HttpResponseBase:
    def on_left() -> None:
        logger.info("Stream of %s was left before its end", task.pk)
        if not keep:
            cancel_left(task)

    def on_end() -> None:
        logger.info("Stream of %s ended", task.pk)

    response = await stream_response(request, caller, task.stream, frames.ASK, on_left=on_left, on_end=on_end)
    if isinstance(response, EventStream):
        logger.info("Stream of %s begins", task.pk)
    return response


@describe("See the frames of a test", answers=answers.REHEARSAL)
@endpoint(Right.SEE, "GET")
async def test_stream(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`GET /test-stream`: the frames of a scripted team. Nothing is asked and nothing is kept."""
    await release_thread()
    logger.info("Test stream begins")
    format = requested_format(request)
    return EventStream(rehearse(format), format)


@describe("The client page", answers={(200, "text/html"): OpenApiResponse(OpenApiTypes.STR, "The page.")})
@endpoint(Right.SEE, "GET")
async def client(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`GET /client`: a page that asks a question and shows the stream."""
    response = await sync_to_async(render)(request, "autogen/client.html", {"caller": caller})
    response["Cache-Control"] = "no-store"
    return response
