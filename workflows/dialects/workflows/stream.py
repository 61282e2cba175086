"""The dialect's stream."""

import logging

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase

from sessions.callers import Caller, Right
from workflows.description.describe import describe
from workflows.dialects.workflows.answers import FRAMES
from workflows.dialects.workflows.frames import WorkflowFramer
from workflows.dialects.workflows.lookup import find_workflow
from workflows.http.endpoint import endpoint
from workflows.streaming.responses import stream_response

logger = logging.getLogger(__name__)


@describe("Follow a workflow", frames=FRAMES)
@endpoint(Right.SEE, "GET")
async def workflow_stream(request: HttpRequest, caller: Caller, workflow_id: str) -> HttpResponseBase:
    """`GET /api/v1/workflows/{id}/stream`: the latest run and what follows it; of a workflow that has not run yet, the
    first one, once it is started."""
    workflow = await sync_to_async(find_workflow)(caller, workflow_id)
    framer = WorkflowFramer(workflow.pk, workflow.thread_id)

    def on_left() -> None:
        logger.info("Client disconnected from workflow %s", workflow.pk)

    return await stream_response(
        request, caller, workflow.thread.stream, framer, greeting=framer.connected(), on_left=on_left
    )
