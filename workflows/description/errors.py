"""The errors that routes share, as they look on the wire (`workflows/http/errors.py` makes them)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework import serializers


class ErrorSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="A sentence: what went wrong, and what would be right.")


class ProblemSerializer(serializers.Serializer[Any]):
    loc = serializers.ListField(
        child=serializers.JSONField(), help_text="Where: `body`, `query` or `header`, then names and indexes."
    )
    msg = serializers.CharField(help_text="What would be right.")
    type = serializers.CharField(help_text="The kind of problem, such as `missing`.")


class InvalidSerializer(serializers.Serializer[Any]):
    detail = ProblemSerializer(many=True)


class TaskErrorSerializer(serializers.Serializer[Any]):
    """Why a task ended without a result."""

    type = serializers.CharField(help_text="`model_failed`, `model_unusable`, `timeout`, `cancelled` or `error`.")
    message = serializers.CharField()
    status = serializers.IntegerField(help_text="The HTTP status that it stands for.")


WHOLE_SECONDS = {"type": "string", "pattern": "^[0-9]+$"}
RETRY_AFTER = {"Retry-After": WHOLE_SECONDS}


@dataclass(frozen=True)
class ErrorAnswer:
    """An error as a component of the document, which routes refer to."""

    name: str
    description: str
    example: Any
    serializer: type[serializers.Serializer[Any]] = ErrorSerializer
    headers: Mapping[str, Any] = field(default_factory=dict)


def _said(sentence: str) -> dict[str, str]:
    return {"detail": sentence}


ERRORS = {
    400: ErrorAnswer(
        "BadRequest",
        "It cannot be done as asked, or as things stand; `detail` says why.",
        _said("Task 7d5f6d4e-6f0a-4c2e-9f0f-0b6d2f5a3f11 is not paused: it is running."),
    ),
    401: ErrorAnswer(
        "NotAuthenticated",
        "No credentials, or not valid ones.",
        _said("This token is not known. Make one with `manage.py create_token`."),
        headers={"WWW-Authenticate": {"type": "string"}},
    ),
    403: ErrorAnswer(
        "NotAllowed",
        "The caller's group has not the right that this needs, or a login came without its CSRF token.",
        _said("You may not start tasks here. An administrator can allow it to you or to your group."),
    ),
    404: ErrorAnswer(
        "NotFound",
        "There is no such id, or it belongs to another group.",
        _said("There is no task 7d5f6d4e-6f0a-4c2e-9f0f-0b6d2f5a3f11."),
    ),
    409: ErrorAnswer(
        "Conflict",
        "It cannot be done as things stand; `detail` says why.",
        _said("Task 7d5f6d4e-6f0a-4c2e-9f0f-0b6d2f5a3f11 is still running. Cancel it first, or wait for its end."),
    ),
    410: ErrorAnswer("Gone", "It was there, and is not any more.", _said("This is gone.")),
    413: ErrorAnswer("TooLarge", "The body is larger than `MAX_BODY_BYTES`.", _said("The body is too large.")),
    415: ErrorAnswer(
        "WrongMediaType",
        "The body is not `application/json`.",
        _said("Send the body as JSON, with the header `Content-Type: application/json`."),
    ),
    422: ErrorAnswer(
        "Invalid",
        "Something in the body, the query or a header is wrong. The shape is FastAPI's.",
        {"detail": [{"loc": ["body", "goal"], "msg": "This field is required.", "type": "missing"}]},
        InvalidSerializer,
    ),
    429: ErrorAnswer(
        "TooMany",
        "Too many tasks started, or too many streams open.",
        _said("You have started more than 120 tasks a minute. Wait a moment."),
        headers=RETRY_AFTER,
    ),
    503: ErrorAnswer(
        "Unavailable",
        "The database does not answer, or the server is stopping.",
        _said("The database does not answer at the moment. Try again in a few seconds."),
        headers=RETRY_AFTER,
    ),
}
"""By status."""
