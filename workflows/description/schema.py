"""The OpenAPI operation of a route: what `describe` said, and what follows from the route itself."""

import re
from importlib import import_module
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from workflows.description import streams
from workflows.description.errors import ERRORS, ErrorAnswer

ROOMS = "workflows.dialects."
SERVER = "server"

SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `manage.py create_token`. It acts for a group.",
    },
    "login": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A login at `/login/`. Requests that change something need `X-CSRFToken` too.",
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "A ticket of `POST /api/v1/tickets`, for clients that cannot send headers. It opens one stream.",
    },
}
TICKET = "ticket"
LOCAL: dict[str, Any] = {}
"""No credentials: callers on the server's machine, where `LOCAL_ACCESS` is on."""


class Schema(AutoSchema):
    """DRF's `DEFAULT_SCHEMA_CLASS`."""

    def get_operation_id(self) -> str:
        """`evoagentx_task_stream`: the dialect and the view."""
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self.view).__name__).lower()
        verbs = f"_{self.method.lower()}" if len(self._described_methods()) > 1 else ""
        return f"{self._room()}_{name}{verbs}"

    def get_tags(self) -> list[str]:
        return [self._room()]

    def get_description(self) -> str:  # type: ignore[override]
        """The docstring, without the address with which it begins: that stands above it already."""
        return re.sub(r"^`[A-Z]+ /[^`]*`[:.]\s*", "", super().get_description())

    def get_auth(self) -> list[dict[str, Any]]:
        if 401 not in self._errors():
            return []
        return [*({name: []} for name in SECURITY if name != TICKET or self._is_stream()), LOCAL]

    def _is_stream(self) -> bool:
        return streams.PARAMETERS[0] in self.get_override_parameters()

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """With its dialect's name, since several dialects may call a thing the same."""
        room = _room_of(type(serializer))
        return ("" if room == SERVER else room.capitalize()) + super().get_serializer_name(serializer, direction)

    def _room(self) -> str:
        return _room_of(type(self.view))

    def _described_methods(self) -> list[str]:
        return [name for name in self.view.http_method_names if hasattr(getattr(self.view, name, None), "errors")]

    def _errors(self) -> list[int]:
        """The statuses that the route itself gives reason for, and those that its description adds."""
        errors = list(getattr(getattr(self.view, self.method.lower()), "errors", ()))
        if getattr(self.view, "rights", {}).get(self.method):
            errors += [401, 403, 503]
        if "{" in self.path:
            errors.append(404)
        if self.get_request_serializer():
            errors += [413, 415, 422]
        if any(parameter not in streams.PARAMETERS for parameter in self.get_override_parameters()):
            errors.append(422)
        return sorted(set(errors))

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """Any JSON or null is any JSON. `oneOf` both would refuse null, which is both."""
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if schema and schema.get("oneOf") == [{}, {"type": "null"}]:
            del schema["oneOf"]
        return schema

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)
        for parameter in parameters:
            if parameter["name"].endswith("_id"):
                parameter["schema"] = {"type": "string", "format": "uuid"}
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._errors():
            answers.setdefault(str(status), self._error(status))
        return dict(sorted(answers.items()))

    def _error(self, status: int) -> dict[str, Any]:
        error = ERRORS[status]
        component = ResolvedComponent(error.name, ResolvedComponent.RESPONSE, object=error.name)
        if component not in self.registry:
            self.registry.register(component)
            component.schema = self._error_schema(error)
        ref: dict[str, Any] = component.ref
        return ref

    def _error_schema(self, error: ErrorAnswer) -> dict[str, Any]:
        body = self.resolve_serializer(error.serializer, "response").ref
        headers = {name: {"schema": schema, "required": True} for name, schema in error.headers.items()}
        return {
            "description": error.description,
            **({"headers": headers} if headers else {}),
            "content": {"application/json": {"schema": body, "example": error.example}},
        }

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> dict[str, Any]:
        answer: dict[str, Any] = super()._get_response_for_code(serializer, status_code, media_types, direction)
        for media_type, content in answer.get("content", {}).items():
            if media_type in streams.FORMATS:
                content["schema"] = streams.as_stream(media_type, content["schema"])
        return answer


def _room_of(cls: type) -> str:
    """The dialect that a view or a serializer belongs to."""
    module = cls.__module__
    return module.removeprefix(ROOMS).split(".")[0] if module.startswith(ROOMS) else SERVER


def document() -> dict[str, Any]:
    """The whole OpenAPI document. It depends on the code alone, so that one will do for a process."""
    made: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    made["components"]["securitySchemes"] = SECURITY
    used = {tag for path in made["paths"].values() for operation in path.values() for tag in operation["tags"]}
    made["tags"] = [{"name": room, "description": _about(room)} for room in sorted(used)]
    return made


def _about(room: str) -> str:
    if room == SERVER:
        return "The server itself: health, metrics, this description."
    return (import_module(ROOMS + room).__doc__ or "").strip()
