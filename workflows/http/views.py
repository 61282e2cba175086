"""The base of our DRF views."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from django.http import HttpRequest, QueryDict
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from sessions.authentication import caller_of
from sessions.callers import Caller, Right
from workflows.exceptions import Invalid
from workflows.http.access import require
from workflows.http.errors import problems_of
from workflows.http.parsers import json_body


class JsonAlways(DefaultContentNegotiation):
    """Answers in JSON whatever `Accept` says: clients of these APIs ask for an event stream when they start one."""

    def select_renderer(
        self, request: HttpRequest | Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class CallerView(APIView):
    """A JSON view that knows its caller, who needs the right that `rights` names for the method."""

    rights: ClassVar[Mapping[str, Right]]
    content_negotiation_class = JsonAlways
    request: Request

    @property
    def caller(self) -> Caller:
        return caller_of(self.request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # A method without a right is one that the view does not have, which DRF says next.
        if right := self.rights.get("GET" if request.method == "HEAD" else str(request.method)):
            require(self.caller, right)

    def body(self) -> Any:
        return json_body(self.request._request)


S = TypeVar("S", bound=serializers.Serializer[Any])


def validated(serializer: type[S], body: Any) -> dict[str, Any]:
    """The serializer's validated data. Raises Invalid, in FastAPI's shape, also for a body that is no object."""
    if not isinstance(body, dict):
        raise Invalid.at("body", msg="The body must be a JSON object.", type="dict_type")
    checked = serializer(data=body)
    checked.is_valid(raise_exception=True)
    data: dict[str, Any] = checked.validated_data
    return data


def validated_query(serializer: type[S], query: QueryDict) -> dict[str, Any]:
    """The same of an address's query. Repeated names are lists where the field takes one.

    Not given to DRF as it is, which takes a parameter without a value for none: `?session_id=` would list everything.
    """
    several = (serializers.ListField, serializers.MultipleChoiceField)
    fields: Mapping[str, Any] = serializer().fields
    asked = {
        name: query.getlist(name) if isinstance(fields[name], several) else query[name]
        for name in fields
        if name in query
    }
    checked = serializer(data=asked)
    if not checked.is_valid():
        raise Invalid(problems_of(["query"], checked.errors))
    data: dict[str, Any] = checked.validated_data
    return data
