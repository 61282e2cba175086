"""What the model is asked to reply, as pydantic shapes and as the strict JSON schemas made from them.

Parsing is more lenient than the schema: endpoints that ignore `json_schema` leave out what seems obvious, and
a missing `required` is not worth a second call.
"""

import re
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from workflows.engine.text import scrub

TYPE_SYNONYMS: Final = {
    "str": "string",
    "text": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
}


def _scrubbed(value: object) -> object:
    return scrub(value) if isinstance(value, str) else value


def _snake(value: object) -> object:
    """`collect points` and `collect-points` are `collect_points`, wherever they stand: nothing is guessed."""
    return re.sub(r"[\s\-./]+", "_", scrub(value).strip()) if isinstance(value, str) else value


def _json_type(value: object) -> object:
    if not isinstance(value, str):
        return value
    word = value.strip().lower().partition("[")[0]
    return TYPE_SYNONYMS.get(word, word)


Text = Annotated[str, BeforeValidator(_scrubbed)]
Name = Annotated[str, BeforeValidator(_snake)]
ParameterType = Annotated[
    Literal["string", "integer", "number", "boolean", "object", "array"], BeforeValidator(_json_type)
]


class Shape(BaseModel):
    """A part of a reply. Unknown keys are ignored when read and forbidden in the schema."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        json_schema_extra={"additionalProperties": False},
        json_schema_serialization_defaults_required=True,
    )


class Parameter(Shape):
    name: Name = Field(description="snake_case; the same name wherever the same value flows")
    type: ParameterType
    description: Text = ""
    required: bool = Field(True, description="false only for feedback from a later sub-task")


class SubTask(Shape):
    name: Name = Field(description="snake_case and unique")
    description: Text = ""
    reason: Text = ""
    inputs: tuple[Parameter, ...] = ()
    outputs: tuple[Parameter, ...] = ()


class Plan(Shape):
    """The reply `workflow_plan`."""

    goal: Text = ""
    thought: Text = ""
    sub_tasks: tuple[SubTask, ...]


class Agent(Shape):
    name: Name = Field(description="snake_case, ends in _agent")
    description: Text = ""
    inputs: tuple[Parameter, ...] = ()
    outputs: tuple[Parameter, ...] = ()
    prompt: Text
    tool_names: tuple[Text, ...] | None = None


class Agents(Shape):
    """The reply `node_agents`."""

    agents: tuple[Agent, ...]


class FollowUp(Shape):
    name: Name = Field(description="snake_case, unlike all sub-tasks so far")
    description: Text
    inputs: tuple[Name, ...] = Field((), description="names of results")


class Review(Shape):
    """The reply `workflow_review`."""

    goal_met: bool
    reason: Text = ""
    follow_ups: tuple[FollowUp, ...] = ()


class ConversationSummary(Shape):
    """The reply `conversation_summary`."""

    topic: Text
    summary: Text


class _Strict(GenerateJsonSchema):
    """Strict mode wants every property required, no defaults, and null as one of the types.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    """

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        return {**inner, "type": [inner["type"], "null"]}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def strict_schema(shape: type[Shape]) -> dict[str, Any]:
    """The JSON schema of a reply, as strict structured output demands it."""
    # Only the serialized form can require fields that have defaults, as strict mode does.
    return shape.model_json_schema(mode="serialization", schema_generator=_Strict)
