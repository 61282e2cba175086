"""The HTTP side: OpenAI's paths and error shape, and the counter of calls."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from evoserver.demo_model.calls import Call, Calls
from evoserver.demo_model.chat import ChatRequest, Completion, Refused, read_request
from evoserver.demo_model.faults import BAD_REPLIES, CONDITIONS, REFUSALS, Faults, Once, read_faults, refuse_if_due
from evoserver.demo_model.prompts import read_prompt
from evoserver.demo_model.replies import pieces_of, reply_to
from evoserver.demo_model.sending import PacedResponse, body_parts, event_parts

MAX_BODY: Final = 32 * 1024 * 1024
DEFAULT_PACE: Final = 0.008
"""Seconds before each chunk: a plan then takes about a second, which is slow enough to watch."""

_REPEATING: Final = (*REFUSALS, *BAD_REPLIES)


class DemoModel:
    """One server's state: its pace, what was called, and which faults were met."""

    def __init__(self, pace: float) -> None:
        self.pace = pace
        self.calls = Calls()
        self.once = Once()

    async def complete(self, request: Request) -> ASGIApp:
        asked = read_request(await _body(request))
        prompt = read_prompt(asked)
        faults = read_faults(asked.model)
        call = self.calls.start(asked, prompt.goal)
        try:
            refuse_if_due(faults, asked, self.once)
            reply = reply_to(asked, prompt, faults)
        except Refused:
            call.refused += 1
            raise
        pieces = tuple(pieces_of(reply.refusal or reply.text, faults))
        return self._response(Completion(asked, reply, pieces), asked, faults, call)

    def _response(self, completion: Completion, asked: ChatRequest, faults: Faults, call: Call) -> PacedResponse:
        if asked.stream:
            parts = event_parts(completion.chunks())
            headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
        else:
            parts = body_parts(completion.body())
            headers = {"content-type": "application/json", "content-length": str(sum(map(len, parts)))}
        return PacedResponse(
            parts,
            {**headers, "x-request-id": f"req_demo_{asked.digest}"},
            call,
            first_pause=faults.first_pause(),
            pace=faults.pace(self.pace, len(parts)),
            is_cut=self.once.strikes("cut", faults, asked),
            hangs="hang" in faults,
        )

    async def models(self, request: Request) -> Response:
        names = ["demo", *(f"demo-{name}" for name in (*REFUSALS, *BAD_REPLIES, *CONDITIONS))]
        names += [f"demo-{name}-always" for name in _REPEATING]
        return JSONResponse({"object": "list", "data": [_model(name) for name in names]})

    async def model(self, request: Request) -> Response:
        return JSONResponse(_model(request.path_params["name"]))

    async def list_calls(self, request: Request) -> Response:
        return JSONResponse(self.calls.report(request.query_params.get("goal")))

    async def forget_calls(self, request: Request) -> Response:
        self.calls.forget()
        self.once.forget()
        return Response(status_code=204)

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "healthy", "model": "demo"})


def create_app(pace: float = DEFAULT_PACE) -> Starlette:
    """The demo model as an ASGI application. `pace`: seconds per chunk, 0 for tests and benchmarks."""
    model = DemoModel(pace)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", _answering(model.complete), methods=["POST"]),
            Route("/v1/models", model.models),
            Route("/v1/models/{name:path}", model.model),
            Route("/health", model.health),
            Route("/calls", model.list_calls),
            Route("/calls", model.forget_calls, methods=["DELETE"]),
        ],
        exception_handlers={Refused: _refused, HTTPException: _no_such_route},
    )


def _answering(endpoint: Callable[[Request], Awaitable[ASGIApp]]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint for Starlette, which calls any ASGI application that an endpoint returns, but types it narrower."""
    return endpoint  # type: ignore[return-value]


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "demo"}


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                raise Refused(413, f"The body is larger than {MAX_BODY} bytes.")
    except ClientDisconnect:
        raise Refused(400, "The body ended too early.") from None
    return bytes(body)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse(error.body, error.status, error.headers)


async def _no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = Refused(error.status_code, f"Invalid URL ({request.method} {request.url.path})")
    return JSONResponse(refusal.body, refusal.status, error.headers)
