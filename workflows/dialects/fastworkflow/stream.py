"""The route that streams a turn."""

import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from sessions.callers import Caller, Right
from workflows.description.describe import IDEMPOTENCY_KEY, KEEP, describe
from workflows.dialects.fastworkflow import answers
from workflows.dialects.fastworkflow.frames import ERROR, LINES, TurnFramer, internal_error
from workflows.dialects.fastworkflow.invoking import invoke
from workflows.dialects.fastworkflow.lookup import find_turn, user_of
from workflows.dialects.fastworkflow.serializers import FollowSerializer, InvokeSerializer
from workflows.engine.commands.definition import Mode
from workflows.exceptions import Invalid
from workflows.http.endpoint import by_method, endpoint
from workflows.http.errors import translate
from workflows.http.idempotency import idempotency_of
from workflows.http.parsers import json_body
from workflows.http.views import validated
from workflows.http.waiting import cancel_left, keeps
from workflows.models import Task
from workflows.streaming.frames import Frame
from workflows.streaming.hub import get_hub
from workflows.streaming.responses import EventStream, requested_format, stream_response
from workflows.streaming.threads import release_thread

logger = logging.getLogger(__name__)

ROUTE: Final = "invoke_agent_stream"
USE_FETCH: Final = (
    "Use POST here, by fetch: an EventSource cannot send a query. "
    "With ?task_id=, from X-Task-Id of the POST, a GET takes the stream up again."
)


@describe(
    "Ask the agent, and follow it",
    body=InvokeSerializer,
    examples=answers.INVOKE,
    frames=answers.FRAMES,
    parameters=[IDEMPOTENCY_KEY, KEEP],
)
@endpoint(Right.RUN, "POST")
async def invoke_agent_stream(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`POST /invoke_agent_stream`: the commands as they are called, then the answer. What is wrong once the body has
    been read is one frame `error`, with the status 200. Who leaves before the end cancels the turn, unless with
    `keep=true` or an `Idempotency-Key`. `X-Task-Id` has the turn's task, unless it was refused."""
    keep = keeps(request)
    asked = validated(InvokeSerializer, json_body(request))
    idempotency_of(request)
    try:
        get_hub().check_room(caller)
        turn = await sync_to_async(invoke)(request, caller, Mode.AGENT, asked)
    except Exception as error:  # noqa: BLE001 - the contract: whatever it is, a frame tells it
        return await _refusal(request, _sentence(error, user_of(caller, asked)))
    response = await _follow(request, caller, turn, keep=keep)
    response["X-Task-Id"] = str(turn.pk)
    return response


@describe(
    "Follow a turn",
    answers={405: answers.UseFetchSerializer},
    frames=answers.FRAMES,
    errors=(404,),
    parameters=[FollowSerializer],
)
@endpoint(Right.SEE, "GET")
async def follow_turn(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    """`GET /invoke_agent_stream`: the same frames of a turn that was begun before, from the beginning or an id on."""
    id = request.GET.get("task_id")
    if id is None:
        return JsonResponse({"detail": USE_FETCH}, status=405, headers={"Allow": "POST"})
    return await _follow(request, caller, await sync_to_async(find_turn)(caller, id), keep=True)


agent_stream = by_method(GET=follow_turn, POST=invoke_agent_stream)


async def _follow(request: HttpRequest, caller: Caller, turn: Task, *, keep: bool) -> HttpResponseBase:
    framer = TurnFramer.of(turn, ROUTE)
    on_left = None if keep else lambda: cancel_left(turn)
    return await stream_response(request, caller, turn.stream, framer, on_left=on_left, lines=LINES)


async def _refusal(request: HttpRequest, data: Mapping[str, Any]) -> EventStream:
    """A stream of one frame, which is no row."""
    await release_thread()
    format = requested_format(request, lines=LINES)

    async def chunks() -> AsyncGenerator[bytes, None]:
        yield format.preamble + format.encode(Frame(ERROR, data), None)

    return EventStream(chunks(), format)


def _sentence(error: Exception, user: str) -> dict[str, Any]:
    ours = translate(error)
    if isinstance(ours, Invalid):
        raise ours
    if ours:
        return {"detail": ours.detail}
    logger.error("a turn of %s could not be begun", user, exc_info=error)
    return {"detail": internal_error(ROUTE, user)}
