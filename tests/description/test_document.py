"""The document: every route is in it, it is valid, and its examples are what it says."""

from typing import Any

import pytest
import requests
import yaml
from drf_spectacular.drainage import GENERATOR_STATS
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests.description.checking import Checker
from tests.description.golden import anonymous, recorded_frames
from tests.routes import Route, all_routes
from tests.streaming.sse import parse
from workflows.description.schema import document
from workflows.dialects.native.kinds import DATA
from workflows.events import SESSION_ENDINGS, Kind

PAGES = ("admin", "dashboard")
"""Pages for people, by their `app_name`. Nobody writes a client for them."""
SOCKETS = "websocket"
"""What goes over a WebSocket is nothing that OpenAPI could describe."""
DOCS = "docs"

DESCRIBED = [route for route in all_routes() if route.app not in (*PAGES, SOCKETS) and route.pattern != DOCS]


def name_of(route: Route) -> str:
    return f"{route.method} {path_of(route)}"


def path_of(route: Route) -> str:
    return "/" + route.pattern.replace("<str:", "{").replace("<uuid:", "{").replace(">", "}")


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.mark.parametrize("route", DESCRIBED, ids=name_of)
def test_every_route_is_described(checker: Checker, route: Route) -> None:
    methods = checker.document["paths"].get(path_of(route), {})
    assert route.method.lower() in methods, "put @describe(…) on it: CONTRIBUTING.md, “Describing a route”"
    operation = methods[route.method.lower()]
    assert operation.get("summary"), "put @describe(…) on it: CONTRIBUTING.md, “Describing a route”"
    assert operation.get("description"), "a docstring says what it does"
    assert any(status.startswith("2") for status in operation["responses"])


def test_nothing_else_is_described(checker: Checker) -> None:
    assert {name for name, _ in operations(checker.document)} == {name_of(route) for route in DESCRIBED}


def test_the_document_is_valid_openapi(checker: Checker) -> None:
    errors = [f"{error.instance_path}: {error.message}" for error in OPENAPI_31_VALIDATOR.iter_errors(checker.document)]
    assert not errors
    assert checker.document["openapi"].startswith("3.1")
    for name, schema in checker.document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name.isalnum()


def test_making_it_warns_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    document()
    assert not capsys.readouterr().err
    assert not GENERATOR_STATS


def test_operation_ids_are_unique(checker: Checker) -> None:
    ids = [operation["operationId"] for _, operation in operations(checker.document)]
    assert len(set(ids)) == len(ids)


def test_every_kind_of_a_tasks_event_is_described() -> None:
    assert set(DATA) == set(Kind) - SESSION_ENDINGS, "describe its data in workflows/dialects/native/kinds.py"


def test_examples_of_bodies_and_errors_are_valid(checker: Checker) -> None:
    checked = 0
    for _, operation in operations(checker.document):
        contents = list(operation.get("requestBody", {}).get("content", {}).values())
        for status in operation["responses"]:
            contents += [
                content
                for content_type, content in checker.answer(operation, int(status)).get("content", {}).items()
                if content_type == "application/json"
            ]
        for content in contents:
            examples = [example["value"] for example in content.get("examples", {}).values()]
            for example in [*examples, *([content["example"]] if "example" in content else [])]:
                checker.check(content["schema"], example)
                checked += 1
    assert checked > 50


def test_examples_of_streams_were_really_sent(checker: Checker) -> None:
    """Each of their frames stands in a golden transcript."""
    recorded = recorded_frames()
    checked = 0
    for _, operation in operations(checker.document):
        answer = operation["responses"].get("200", {})
        content = answer.get("content", {}).get("text/event-stream")
        if content is None:
            continue
        for example in content["examples"].values():
            for message in parse(example["value"]):
                frame = {"event": message.event, "data": message.data, **({"id": message.id} if message.id else {})}
                checker.check_frame(answer, "text/event-stream", frame)
                assert anonymous(message.raw) in recorded, message.raw
                checked += 1
    assert checked >= 12


def test_it_is_served_to_anybody_as_json_and_as_yaml(url: str, checker: Checker) -> None:
    elsewhere = {"X-Forwarded-For": "203.0.113.7"}
    as_json = requests.get(f"{url}/api/schema", headers=elsewhere)
    assert as_json.headers["Content-Type"] == "application/json"
    assert as_json.json() == checker.document
    as_yaml = requests.get(f"{url}/api/schema", headers={**elsewhere, "Accept": "application/yaml"})
    assert as_yaml.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(as_yaml.text) == checker.document
