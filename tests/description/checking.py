"""Checks answers and frames by the document, more strictly than clients should: nothing may go undocumented."""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

STREAMS = ("text/event-stream", "application/x-ndjson")
Json = dict[str, Any]


class Checker:
    def __init__(self, document: Json) -> None:
        self.document = document
        closed = copy.deepcopy(document)
        for schema in objects_in(closed["components"]["schemas"]):
            schema.setdefault("additionalProperties", False)
        self._registry = Registry().with_resource("urn:openapi", DRAFT202012.create_resource(closed))

    def operation(self, method: str, path: str) -> Json | None:
        """The operation that serves this path, whatever stands in place of ids."""
        for template, operations in self.document["paths"].items():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
            # Where a final slash is no part of a route, it may be there or not.
            if re.fullmatch(f"{pattern}/?", path.partition("?")[0]) and method.lower() in operations:
                operation: Json = operations[method.lower()]
                return operation
        return None

    def answer(self, operation: Json, status: int) -> Json:
        answer: Json = operation["responses"][str(status)]
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        return answer

    def check(self, schema: Mapping[str, Any], value: Any) -> None:
        """Raises an AssertionError that says where the value is not what the schema says."""
        validator = Draft202012Validator(_absolute(schema), registry=self._registry)
        errors = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]
        assert not errors, errors

    def check_frame(self, answer: Json, content_type: str, frame: Json) -> None:
        """Raises likewise for a frame `{id, event, data}`. It is checked by the schema that its name leads to."""
        item = answer["content"][content_type]["schema"]["contentSchema"]["items"]
        frames = self.document["components"]["schemas"][item["$ref"].rpartition("/")[2]]
        mapping = frames["discriminator"]["mapping"]
        assert frame["event"] in mapping, f"the frame {frame['event']} is not described"
        assert {"$ref": mapping[frame["event"]]} in frames["oneOf"]
        self.check({"$ref": mapping[frame["event"]]}, frame)


def objects_in(node: Any) -> Iterator[Json]:
    """All schemas of objects with named properties, at any depth."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and node.get("type", "object") in ("object", ["object", "null"]):
            yield node
        for inner in node.values():
            yield from objects_in(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from objects_in(inner)


def _absolute(node: Any) -> Any:
    """With references that lead into the document from anywhere."""
    if isinstance(node, dict):
        return {
            name: f"urn:openapi{inner}" if name == "$ref" and isinstance(inner, str) else _absolute(inner)
            for name, inner in node.items()
        }
    return [_absolute(inner) for inner in node] if isinstance(node, list) else node
