"""What replies of agents say: by type, by name, as JSON or under headings."""

import json

import pytest

from workflows.engine.execution.answers import Room, node_format, node_reader
from workflows.engine.llm.replies import Rejected
from workflows.engine.values import Misfit, fitted
from workflows.exceptions import ModelUnusable

from .scripted import parameter


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("string", "x\x00", "x\ufffd"),
        ("string", 3, "3"),
        ("string", 2.5, "2.5"),
        ("string", True, "true"),
        ("integer", 3, 3),
        ("integer", 3.0, 3),
        ("integer", " -3 ", -3),
        ("number", 3, 3),
        ("number", "2.50", 2.5),
        ("number", "007.5", 7.5),
        ("number", "1e3", 1000.0),
        ("boolean", False, False),
        ("boolean", "True", True),
        ("object", {"a": ["\ud800"]}, {"a": ["\ufffd"]}),
        ("object", '```json\n{"a": 1}\n```', {"a": 1}),
        ("array", [1, None], [1, None]),
        ("array", "[1, 2]", [1, 2]),
    ],
)
def test_a_value_that_fits_exactly_is_taken(type_, value, expected):
    found = fitted(value, type_)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("type_", "value", "reason"),
    [
        ("string", ["a"], "must be a string, not an array"),
        ("string", float("nan"), "must be a string, not a number"),
        ("integer", 2.5, "must be an integer, not a number"),
        ("integer", "about 3", "must be an integer, not the text 'about 3'"),
        ("integer", "2.5", "not the text '2.5'"),
        ("integer", True, "must be an integer, not a boolean"),
        ("integer", "9" * 30, "not the text"),
        ("number", "1e999", "not the text '1e999'"),
        ("number", "three", "must be a number, not the text 'three'"),
        ("boolean", "yes", "must be a boolean, not the text 'yes'"),
        ("boolean", 1, "must be a boolean, not a number"),
        ("object", [1], "must be an object, not an array"),
        ("object", "[1]", "must be an object, not an array"),
        ("object", "hello", "must be an object, not a text that is no JSON ('hello')"),
        ("array", {"a": 1}, "must be an array, not an object"),
        ("array", [float("inf")], "holds a number that is none"),
        ("object", json.loads("[" * 60 + "]" * 60) and {"a": json.loads("[" * 60 + "]" * 60)}, "nested more than 50"),
    ],
)
def test_a_value_that_does_not_fit_says_why(type_, value, reason):
    with pytest.raises(Misfit) as misfit:
        fitted(value, type_)
    assert reason in misfit.value.reason


OUTPUTS = [parameter("summary"), parameter("scores", "array"), parameter("remarks", required=False)]


@pytest.mark.parametrize(
    "text",
    [
        '{"thought": "t", "summary": "s", "scores": [1], "remarks": null}',
        'Here it is:\n```json\n{"summary": "s", "scores": "[1]"}\n```',
        "## Thought\nt\n\n## summary\ns\n\n## scores\n```json\n[1]\n```",
        "### **Summary**\ns\n\n## Scores:\n[1]\n",
    ],
    ids=["json", "fenced", "headings", "other headings"],
)
def test_json_and_headings_say_the_same(text):
    assert node_reader(OUTPUTS)(text) == {"summary": "s", "scores": [1], "remarks": None}


def test_json_under_a_heading_is_that_outputs():
    outputs = [parameter("summary"), parameter("table", "object")]
    assert node_reader(outputs)('## summary\ns\n## table\n{"rows": 2}') == {"summary": "s", "table": {"rows": 2}}


def test_headings_inside_a_text_stay_there():
    text = "## summary\nFirst.\n\n## Details\nMore.\n\n## scores\n[]"
    assert node_reader(OUTPUTS)(text)["summary"] == "First.\n\n## Details\nMore."


def test_what_is_missing_is_named():
    with pytest.raises(Rejected) as rejected:
        node_reader(OUTPUTS)('{"summary": null}')
    assert rejected.value.problems == [
        "the output 'summary' is null; give it a value",
        "the output 'scores' is missing; give it its value",
    ]


def test_prose_is_no_result():
    with pytest.raises(Rejected, match="not valid"):
        node_reader(OUTPUTS)("I think it went well.")


def test_the_schema_is_strict_where_it_can_be():
    plain = node_format([parameter("summary"), parameter("pages", "integer", required=False)])
    assert plain.strict is True
    assert plain.schema["properties"]["pages"]["type"] == ["integer", "null"]
    assert plain.schema["required"] == ["thought", "summary", "pages"]
    loose = node_format(OUTPUTS)
    assert loose.strict is False
    assert loose.schema["properties"]["scores"] == {"type": "array", "items": {}, "description": "The scores."}


def test_an_output_may_be_named_thought():
    own = node_format([parameter("thought", "integer")])
    assert own.schema["properties"] == {"thought": {"type": "integer", "description": "The thought."}}
    assert node_reader([parameter("thought", "integer")])('{"thought": 3}') == {"thought": 3}


def test_the_results_together_have_a_limit():
    room = Room(limit=50)
    room.take({"a": "x" * 20})
    with pytest.raises(ModelUnusable, match=r"have 58 bytes together, and 50 is the most"):
        room.take({"b": "x" * 20})
    room.take({"b": "x" * 5})
