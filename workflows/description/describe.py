"""`describe`: how a route says what it takes and answers. A route of a dialect that does not use it fails a test."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.views import APIView

from workflows.description import streams
from workflows.description.streams import Frames

JSON = "application/json"
SUCCESS = range(200, 300)

Answer = type[serializers.Serializer[Any]] | serializers.Serializer[Any] | OpenApiResponse | OpenApiTypes
Status = int | tuple[int, str]
"""Of an answer, with its media type where that is not JSON."""
Parameter = OpenApiParameter | type[serializers.Serializer[Any]]

V = TypeVar("V", bound=Callable[..., Any])

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[ -~]*[!-~][ -~]*$"},
    OpenApiParameter.HEADER,
    description="Names the request: within 24 hours the same key finds the same task. With another request: 409.",
)

KEEP = OpenApiParameter(
    "keep", bool, description="The task goes on if its caller goes away; otherwise that cancels it."
)


def describe(
    summary: str,
    *,
    body: type[serializers.Serializer[Any]] | None = None,
    answers: Mapping[Status, Answer] | None = None,
    frames: Frames | None = None,
    errors: Sequence[int] = (),
    parameters: Sequence[Parameter] = (),
    headers: Mapping[str, str] | None = None,
    examples: Mapping[str, Any] | None = None,
    method: str = "",
) -> Callable[[V], V]:
    """Describe a view: a method of a `CallerView`, or an async view, above its `endpoint`.

    `answers` are serializers by status; `frames` instead, or beside them, those of a stream. The docstring is the
    description. What follows from the route is added: 401, 403 and 503 where it needs a right, 404 for an id in its
    path, 413, 415 and 422 for a body, 422 for parameters. `errors` are the others. `headers` are those of a success,
    with what they hold; `examples` are bodies of requests, by name. `method`: only this one of an async view's.
    """
    responses: dict[Any, Any] = dict(answers or {})
    all_parameters = [*parameters, *_response_headers(headers or {}, [*responses, *([200] if frames else [])])]
    all_examples = [OpenApiExample(name, value, request_only=True) for name, value in (examples or {}).items()]
    if frames:
        responses |= streams.responses(frames)
        all_parameters += streams.PARAMETERS
        errors = (*errors, 429)
    schema: Callable[[V], V] = extend_schema(
        summary=summary,
        request={JSON: body} if body else None,
        responses=responses,
        parameters=all_parameters,
        examples=all_examples,
    )

    def decorate(view: V) -> V:
        if not hasattr(view, "rights"):
            view.errors = tuple(errors)  # type: ignore[attr-defined]
            return schema(view)
        for name in [method] if method else list(view.rights):
            described = schema(_standing_for(view))
            described.errors = tuple(errors)  # type: ignore[attr-defined]
            setattr(_class_of(view), name.lower(), described)
        return view

    return decorate


def _class_of(view: Any) -> type[APIView]:
    """The class that stands for an async view where routes are listed: DRF's tools know views by their class."""
    if not hasattr(view, "cls"):
        members = {"__module__": view.__module__, "__doc__": view.__doc__, "rights": view.rights}
        view.cls = type(view.__name__, (APIView,), members)
        view.initkwargs = {}
    described: type[APIView] = view.cls
    return described


def _standing_for(view: V) -> V:
    """A method that only carries the description; requests go to the view itself."""

    def method(self: APIView, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError(f"{view.__qualname__} is an async view and is called as one")

    # Its own, since views for several methods share a class.
    method.__doc__ = view.__doc__
    return method  # type: ignore[return-value]


def _response_headers(headers: Mapping[str, str], responses: Sequence[Any]) -> list[OpenApiParameter]:
    successes = [status for status in responses if status in SUCCESS]
    return [
        OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text, response=successes, required=True)
        for name, text in headers.items()
    ]
