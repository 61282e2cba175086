"""Errors as they look on the wire: the one place where exceptions become responses."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import exception_handler

from workflows.exceptions import EvoserverError, Invalid, NotAllowed, NotAuthenticated, Problem, TooMany, Unavailable

logger = logging.getLogger(__name__)


def error_response(error: EvoserverError, extra: Mapping[str, Any] | None = None) -> JsonResponse:
    """`{"detail": …}` with the error's status. 422 has FastAPI's list of problems as its detail."""
    response = JsonResponse({**(extra or {}), "detail": detail_of(error)}, status=error.status)
    for name, value in _headers(error).items():
        response[name] = value
    return response


def detail_of(error: EvoserverError) -> Any:
    return error.problems if isinstance(error, Invalid) else error.detail


def translate(error: Exception) -> EvoserverError | None:
    """Our error for another library's, where the caller should see one."""
    if isinstance(error, EvoserverError):
        return error
    if isinstance(error, drf.ValidationError):
        return Invalid(list(problems_of(["body"], error.detail)))
    if isinstance(error, drf.NotAuthenticated):
        return NotAuthenticated(
            "Send a token with the header `Authorization: Bearer …`. `manage.py create_token NAME` makes one."
        )
    if isinstance(error, drf.AuthenticationFailed):
        return NotAuthenticated(str(error.detail))
    if isinstance(error, drf.PermissionDenied):
        return NotAllowed(str(error.detail))
    if isinstance(error, (OperationalError, InterfaceError)):
        logger.warning("The database does not answer: %s", type(error).__name__)
        return Unavailable("The database does not answer at the moment. Try again in a few seconds.")
    return None


def method_not_allowed(methods: Sequence[str]) -> str:
    """What a 405 says."""
    return f"Use {' or '.join(methods)} here."


def handle_drf_exception(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's `EXCEPTION_HANDLER`."""
    ours = translate(error)
    if ours is None:
        if isinstance(error, Http404):
            return Response({"detail": "Not found."}, status=404)
        if isinstance(error, drf.MethodNotAllowed):
            methods = [method for method in context["view"].allowed_methods if method not in ("HEAD", "OPTIONS")]
            return Response({"detail": method_not_allowed(methods)}, status=405)
        return exception_handler(error, dict(context))
    return Response({"detail": detail_of(ours)}, status=ours.status, headers=_headers(ours))


def _headers(error: EvoserverError) -> dict[str, str]:
    if isinstance(error, (Unavailable, TooMany)):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, NotAuthenticated):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def problems_of(loc: list[str | int], detail: Any) -> list[Problem]:
    """A DRF serializer's nested errors as FastAPI's flat list."""
    if isinstance(detail, dict):
        return [
            problem
            for field, inner in detail.items()
            for problem in problems_of(loc if field == "non_field_errors" else [*loc, field], inner)
        ]
    if isinstance(detail, list):
        if all(isinstance(item, drf.ErrorDetail) for item in detail):
            return [Problem(loc=loc, msg=str(item), type=_type(item.code)) for item in detail]
        return [
            problem
            for index, inner in enumerate(detail)
            for problem in problems_of([*loc, index] if inner else loc, inner)
        ]
    return [Problem(loc=loc, msg=str(detail), type="value_error")]


def _type(code: str) -> str:
    return {
        "required": "missing",
        "null": "missing",
        "blank": "string_too_short",
        "max_length": "string_too_long",
    }.get(code, code)
