"""A smallest instance of any JSON schema, with words to fill its texts."""

from collections.abc import Sequence
from typing import Any, Final

from evoserver.demo_model.chat import Json

MAX_DEPTH: Final = 24
MAX_ITEMS: Final = 64
MAX_VALUES: Final = 5_000

_FORMATS: Final = {
    "date-time": "2026-01-01T00:00:00Z", "date": "2026-01-01", "time": "00:00:00Z", "duration": "PT1S",
    "email": "demo@example.org", "hostname": "example.org", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
    "uri": "https://example.org/demo", "uuid": "00000000-0000-4000-8000-000000000000",
}  # fmt: skip


def make_instance(schema: Json, words: Sequence[str]) -> Any:
    """An instance that conforms, required properties only. `pattern` and `not` are beyond it."""
    return _Maker(schema, list(words) or ["demo"]).make(schema, "answer", 0)


class _Maker:
    def __init__(self, root: Json, words: list[str]) -> None:
        self.root = root
        self.words = words
        self.left = MAX_VALUES

    def make(self, schema: Any, name: str, depth: int) -> Any:
        schema = self._resolved(schema, depth)
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            return None
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        match self._type(schema):
            case "object":
                properties = schema.get("properties", {})
                return {key: self.make(properties.get(key, {}), key, depth + 1) for key in schema.get("required", ())}
            case "array":
                count = min(
                    max(schema.get("minItems", 0), 1 if depth < 4 else 0), schema.get("maxItems", MAX_ITEMS), MAX_ITEMS
                )
                return [self.make(schema.get("items", {}), f"{name} {i + 1}", depth + 1) for i in range(count)]
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self._text(schema, name)

    def _resolved(self, schema: Any, depth: int) -> Json:
        """The schema with references followed, `allOf` joined and the simplest branch of a choice taken."""
        for _ in range(MAX_DEPTH):
            if not isinstance(schema, dict):
                return {}
            if isinstance(schema.get("$ref"), str):
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = self._target(schema["$ref"]) | rest
            elif schema.get("allOf"):
                schema = self._joined(schema)
            elif branches := schema.get("anyOf") or schema.get("oneOf"):
                rest = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}
                schema = rest | self._branch(branches, depth)
            else:
                return schema
        return {}

    def _joined(self, schema: Json) -> Json:
        joined = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            part = self._resolved(part, 0)
            properties = joined.get("properties", {}) | part.get("properties", {})
            required = list(dict.fromkeys([*joined.get("required", ()), *part.get("required", ())]))
            joined = joined | part
            if properties:
                joined["properties"] = properties
            if required:
                joined["required"] = required
        return joined

    def _branch(self, branches: Sequence[Any], depth: int) -> Json:
        """Null where it is deep, so that a recursive schema ends; else the first that is not null."""
        plain = [branch for branch in branches if isinstance(branch, dict)]
        nulls = [branch for branch in plain if branch.get("type") == "null"]
        others = [branch for branch in plain if branch not in nulls]
        choice = nulls or others if depth >= 4 else others or nulls
        return choice[0] if choice else {}

    def _target(self, reference: str) -> Json:
        target: Any = self.root
        for part in reference.removeprefix("#").strip("/").split("/"):
            if part:
                target = target.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(target, dict) else {}
        return target if isinstance(target, dict) else {}

    def _type(self, schema: Json) -> str:
        type_ = schema.get("type")
        if isinstance(type_, list):
            type_ = next((one for one in type_ if one != "null"), "null")
        if isinstance(type_, str):
            return type_
        return "object" if "properties" in schema else "array" if "items" in schema else "string"

    def _text(self, schema: Json, name: str) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = f"{name.replace('_', ' ')}: {' '.join(self.words)} (demo)"
        shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 10_000)
        while len(text) < min(shortest, 10_000):
            text += f" {text}"
        return text[: max(longest, 0)]


def _number(schema: Json) -> Any:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    step = schema.get("multipleOf", 1)
    if low is not None:
        value = -(-low // step) * step
        return value + step if value == schema.get("exclusiveMinimum") else value
    if high is not None and high < step:
        value = high // step * step
        return value - step if value == schema.get("exclusiveMaximum") else value
    return step
