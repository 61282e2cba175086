import contextlib

import pytest

from workflows.engine.llm.replies import Rejected, json_object, parse
from workflows.engine.shapes import Agents, Plan, strict_schema


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        ' \n{"a": 1}\n',
        'First {"b": 2}, no:\n```json\n{"a": 1}\n```',
        'A brace { and a "quote, then {"a": 1}',
        '{"draft": 0} {"a": 1} trailing }',
        '{goal} is {not json} but {"a": 1} is',
    ],
)
def test_the_last_complete_object_counts(text):
    assert json_object(text) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the reply is no valid JSON (expecting value near '')"),
        ("nothing", "the reply is no valid JSON (expecting value near 'nothing')"),
        ('{"a": [{"b": 1}', "the reply is no valid JSON (expecting ',' delimiter near '{\"a\": [{\"b\": 1}')"),
        ('So: {"a": 1,}', "near '{\"a\": 1,}')"),
        ("[1]", "the reply is no JSON object"),
        ("null", "the reply is no JSON object"),
        ('{"a": ' * 5000, "the reply "),
        ('{"a": ' + "9" * 5000 + "}", "the reply "),
    ],
)
def test_what_is_no_object_is_told(text, problem):
    with pytest.raises(Rejected) as rejected:
        json_object(text)
    (told,) = rejected.value.problems
    assert problem in told
    assert told.endswith("; reply with one complete JSON object and nothing else")


@pytest.mark.parametrize("unit", ["{", "{}", '{"', '{"a":', '"{', "{a}", "\\"])
def test_half_a_megabyte_of_braces_is_read_in_time(unit):
    with contextlib.suppress(Rejected):
        json_object(unit * (500_000 // len(unit)))


def test_problems_name_the_place():
    with pytest.raises(Rejected) as rejected:
        parse('{"sub_tasks": [{"name": 1, "outputs": [{"name": "x"}]}]}', Plan)
    assert rejected.value.problems == [
        "sub_tasks[0].name: input should be a valid string",
        "sub_tasks[0].outputs[0].type: field required",
    ]


def test_problems_are_bounded():
    with pytest.raises(Rejected) as rejected:
        parse('{"sub_tasks": [' + ",".join(["{}"] * 100) + "]}", Plan)
    assert len(rejected.value.problems) == 20


@pytest.mark.parametrize("shape", [Plan, Agents])
def test_the_schemas_are_strict(shape):
    schema = strict_schema(shape)
    objects = [schema, *schema["$defs"].values()]
    for part in objects:
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    assert "default" not in str(schema)


def test_tool_names_may_be_null():
    tools = strict_schema(Agents)["$defs"]["Agent"]["properties"]["tool_names"]
    assert tools == {"type": ["array", "null"], "items": {"type": "string"}}
