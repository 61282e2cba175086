"""What clients send: JSON objects, each of which stands for a request that could as well come by HTTP."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from rest_framework import serializers

from workflows.description.describe import JSON
from workflows.exceptions import Invalid, NotFound
from workflows.http.fields import StringField, TrueOrFalseField
from workflows.http.parsers import parse_body
from workflows.http.routes import find_route
from workflows.http.tickets import NO_STREAM
from workflows.http.views import validated
from workflows.streaming.frames import NDJSON

MAX_ID_CHARS: Final = 100


@dataclass(frozen=True)
class Errand:
    """A client's request: what it is called, and how it would be made by HTTP."""

    id: str
    method: Literal["GET", "POST"]
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_subscription(self) -> bool:
        return self.method == "GET"


def read_message(text: str | None) -> dict[str, Any]:
    """The message's object. Raises Invalid for all that is none, as a request's body would."""
    if text is None:
        raise Invalid.at("body", msg="Send messages as text; this one was binary.", type="json_type")
    message = parse_body(text.encode(), JSON)
    if not isinstance(message, dict):
        raise Invalid.at("body", msg="A message must be a JSON object.", type="dict_type")
    return message


def id_of(message: Mapping[str, Any]) -> str | None:
    """What an answer to this message is to carry, as far as it can."""
    id = message.get("id")
    return id if isinstance(id, str) and len(id) <= MAX_ID_CHARS else None


class Named(serializers.Serializer[Any]):
    """A message that gets an answer of its own."""

    id = StringField(max_length=MAX_ID_CHARS, trim_whitespace=False)


class Subscribe(Named):
    stream = StringField(required=False, max_length=2000)
    task_id = StringField(required=False, max_length=100)
    last_event_id = serializers.JSONField(required=False)
    types = serializers.ListField(child=StringField(max_length=100), required=False, max_length=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("stream" in attrs) == ("task_id" in attrs):
            raise serializers.ValidationError("Name either a `stream` by its path or a `task_id`.")
        return attrs


class Ask(Named):
    path = StringField(max_length=2000)
    body = serializers.JSONField(required=False)
    idempotency_key = StringField(required=False, max_length=255)


class Cancel(Named):
    task_id = StringField(max_length=100)


class Answer(Named):
    question_id = StringField(max_length=100)
    approve = TrueOrFalseField(required=False)
    arguments = serializers.JSONField(required=False)
    reason = serializers.JSONField(required=False)
    value = serializers.JSONField(required=False)


class Authenticate(serializers.Serializer[Any]):
    token = StringField(max_length=1000)


def _subscribe(id: str, asked: Mapping[str, Any]) -> Errand:
    address = find_route(asked.get("stream") or f"/api/v1/tasks/{_in_path(asked['task_id'])}/events/stream")
    if address is None or address.right("GET") is None:
        raise NotFound(NO_STREAM)
    types = urlencode({"types": ",".join(asked["types"])}) if asked.get("types") else ""
    given = asked.get("last_event_id")
    headers = {} if given is None else {"Last-Event-ID": str(given)}
    query = "&".join(filter(None, [address.query, types]))
    return Errand(id, "GET", address.path, query, {"Accept": NDJSON.content_type, **headers})


def _ask(id: str, asked: Mapping[str, Any]) -> Errand:
    address = find_route(asked["path"])
    if address is None or address.right("POST") is None:
        raise NotFound(
            "No POST route of the API is there. Give its path, without the host: /stream/workflow/generate, say."
        )
    key = {"Idempotency-Key": asked["idempotency_key"]} if "idempotency_key" in asked else {}
    headers = {"Accept": NDJSON.content_type, "Content-Type": JSON, **key}
    return Errand(id, "POST", address.path, address.query, headers, json.dumps(asked.get("body", {})).encode())


def _cancel(id: str, asked: Mapping[str, Any]) -> Errand:
    return _ask(id, {"path": f"/api/v1/tasks/{_in_path(asked['task_id'])}/cancel"})


def _answer(id: str, asked: Mapping[str, Any]) -> Errand:
    verb = {True: "approve", False: "reject", None: "answer"}[asked.get("approve")]
    body = {name: asked[name] for name in ("arguments", "reason", "value") if name in asked}
    return _ask(id, {"path": f"/api/v1/questions/{_in_path(asked['question_id'])}/{verb}", "body": body})


def _in_path(id: str) -> str:
    return quote(id, safe="")


_ERRANDS: Mapping[str, tuple[type[Named], Callable[[str, Mapping[str, Any]], Errand]]] = {
    "subscribe": (Subscribe, _subscribe),
    "ask": (Ask, _ask),
    "cancel": (Cancel, _cancel),
    "answer": (Answer, _answer),
}
OTHERS: Final = ("unsubscribe", "authenticate", "ping")


def errand_of(message: Mapping[str, Any]) -> Errand:
    """Raises Invalid for a message that is not as it should be, NotFound for an address that leads nowhere."""
    known = message.get("type")
    if not isinstance(known, str) or known not in _ERRANDS:
        raise Invalid.at("body", "type", msg=f"Must be one of: {', '.join([*_ERRANDS, *OTHERS])}.")
    serializer, make = _ERRANDS[known]
    asked = validated(serializer, message)
    return make(asked["id"], asked)
