"""What `describe` makes of routes that the dialects here do not have yet."""

import json
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from sessions.callers import Caller, Right
from tests.description.checking import Checker
from workflows.description.describe import describe
from workflows.description.streams import Frames, as_json_lines
from workflows.http.endpoint import endpoint
from workflows.streaming.frames import NDJSON, SSE, Frame


class TextSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()


class EndSerializer(serializers.Serializer[Any]):
    end = serializers.BooleanField()


class QuestionSerializer(serializers.Serializer[Any]):
    question = serializers.CharField()


SAID = {"connected": EndSerializer, "said.text": TextSerializer, "reset": EndSerializer}
OF_THREAD = Frames(
    "Turn",
    SAID,
    example=SSE.encode(Frame("said.text", {"text": "Good day"}), "2-1").decode(),
    without_id=("connected", "reset"),
    of_thread=True,
)
UNNAMED = Frames("Bare", SAID, example='data: {"text":"Good day"}\n\n', without_id=tuple(SAID), are_named=False)


@describe("Ask", body=QuestionSerializer, frames=OF_THREAD, errors=(409,), method="POST")
@describe("Listen", frames=UNNAMED, method="GET")
@endpoint(Right.SEE, "GET", "POST")
async def talk(request: HttpRequest, caller: Caller, talk_id: str) -> HttpResponseBase:
    """`GET` and `POST`, of one view."""
    return JsonResponse({})


@pytest.fixture(scope="module")
def made() -> Checker:
    return Checker(SchemaGenerator(patterns=[path("talks/<str:talk_id>", talk)]).get_schema(public=True))


def answer_of(made: Checker, method: str) -> dict[str, Any]:
    operation = made.operation(method, "/talks/one")
    assert operation is not None
    return made.answer(operation, 200)


def test_each_method_of_one_view_has_its_own_description(made: Checker) -> None:
    methods = made.document["paths"]["/talks/{talk_id}"]
    assert {name: (operation["summary"], operation["operationId"]) for name, operation in methods.items()} == {
        "get": ("Listen", "server_talk_get"),
        "post": ("Ask", "server_talk_post"),
    }
    assert list(methods["get"]["responses"]) == ["200", "204", "401", "403", "404", "429", "503"]
    assert list(methods["post"]["responses"]) == [
        *("200", "204", "401", "403", "404", "409", "413", "415", "422", "429", "503")
    ]
    assert "requestBody" not in methods["get"]


def test_frames_of_a_thread_have_the_ids_of_its_runs(made: Checker) -> None:
    answer = answer_of(made, "POST")
    good = {"id": "2-1", "event": "said.text", "data": {"text": "Good day"}}
    made.check_frame(answer, SSE.content_type, good)
    made.check_frame(answer, NDJSON.content_type, {"event": "connected", "data": {"end": False}})
    for wrong in ({**good, "id": 7}, {"event": "said.text", "data": {"text": ""}}, {**good, "data": {"end": True}}):
        with pytest.raises(AssertionError):
            made.check_frame(answer, SSE.content_type, wrong)


def test_frames_without_names_are_told_apart_by_their_data(made: Checker) -> None:
    frame = made.document["components"]["schemas"]["Bare"]
    made.check(frame, {"data": {"text": "Good day"}})
    with pytest.raises(AssertionError):
        made.check(frame, {"data": {"words": "Good day"}})
    with pytest.raises(AssertionError):
        made.check(frame, {"event": "said.text", "data": {"text": "Good day"}})


@pytest.mark.parametrize("id", [None, "7", "2-1"])
@pytest.mark.parametrize("name", [None, "said.text"])
def test_an_example_as_json_lines_is_what_the_server_would_send(name: str | None, id: str | None) -> None:
    frame = Frame(name, {"text": "data: Good day\n\nid: 3"})
    sent = SSE.preamble + SSE.encode(frame, id)
    assert as_json_lines(sent.decode()).encode() == NDJSON.preamble + NDJSON.encode(frame, id)
    assert json.loads(as_json_lines(sent.decode()))["data"] == frame.data
