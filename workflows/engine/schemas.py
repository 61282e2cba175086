"""JSON Schemas, and what does not fit them, in sentences."""

from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing.exceptions import Unresolvable
from referencing.jsonschema import EMPTY_REGISTRY

from workflows.engine.text import cut

_MAX_PROBLEMS: Final = 5


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    # With a registry of its own the library loads nothing from the network, wherever a `$ref` may lead.
    return Draft202012Validator(dict(schema), registry=EMPTY_REGISTRY)


def schema_fault(schema: Mapping[str, Any]) -> str | None:
    """Where something is no JSON Schema; None if it is one."""
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        return "/".join(map(str, error.absolute_path)) or "its root"
    return None


def problems_of(schema: Mapping[str, Any] | Draft202012Validator, value: Any) -> list[str]:
    """What is wrong with a value, as sentences."""
    checking = schema if isinstance(schema, Draft202012Validator) else validator(schema)
    try:
        errors = sorted(checking.iter_errors(value), key=lambda error: list(map(str, error.path)))
    except (Unresolvable, RecursionError):
        return ["the schema points to a part that is not there, or to itself, so that nothing fits it"]
    return [_sentence(best_match([error])) for error in errors[:_MAX_PROBLEMS]]


def _sentence(error: Any) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    return f"{place or 'the arguments'}: {cut(error.message, 300)}"
