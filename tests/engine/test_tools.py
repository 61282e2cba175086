"""What a tool and an agent's use of tools may be."""

import pytest

from workflows.engine.graphs.graph import validate
from workflows.engine.replay import kept
from workflows.engine.tools import Tool, Toolbox

from .graphs import graph_of
from .scripted import sub_task
from .tooling import nothing, tool


def blocking(arguments, context):
    return ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "two words"}, "1 to 64 of a-z"),
        ({"description": " "}, "needs a description"),
        ({"call": blocking}, "has to be an async function"),
        ({"timeout_s": 0}, "more than 0"),
        ({"output_limit": 10**9}, "200,000 characters"),
        ({"parameters": {"type": "string"}}, 'of type "object"'),
        ({"parameters": {"type": "object", "properties": {"a": {"type": "nonsense"}}}}, "at properties/a/type"),
    ],
)
def test_what_no_tool_can_be_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        Tool(**{"name": "it", "description": "Does it.", "call": nothing, **changes})


def test_an_object_that_is_called_may_be_a_tool():
    class Counting:
        async def __call__(self, arguments, context):
            return 1

    assert tool("count", call=Counting()).name == "count"


def test_a_schema_that_points_elsewhere_loads_nothing():
    elsewhere = tool(
        "it", parameters={"type": "object", "properties": {"a": {"$ref": "http://169.254.169.254/schema"}}}
    )
    (problem,) = elsewhere.problems({"a": 1})
    assert "points to a part that is not there" in problem


def test_problems_of_arguments_are_few_and_short():
    one = {"type": "string", "maxLength": 3}
    strict = tool("it", parameters={"type": "object", "properties": {f"a{i}": one for i in range(20)}})
    problems = strict.problems({f"a{i}": "x" * 10_000 for i in range(20)})
    assert len(problems) == 5
    assert all(len(problem) < 350 for problem in problems)


def test_a_name_is_given_once():
    with pytest.raises(ValueError, match="two tools are named it"):
        Toolbox([tool("it"), tool("it")])


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ({"tool_names": "search"}, "tool_names must be a list"),
        ({"max_steps": 0}, "max_steps must be a whole number from 1 to 50"),
        ({"max_steps": True}, "max_steps must be a whole number from 1 to 50"),
        ({"tool_names": ["a"], "confirm_tools": ["b"]}, "confirm_tools names 'b', which is not among its tool_names"),
        ({"confirm_tools": [1]}, "confirm_tools must be a list"),
    ],
)
def test_a_graph_says_how_its_agents_use_tools(agent, said):
    graph = graph_of(sub_task("write", ["goal"], ["report"]))
    graph["nodes"][0]["agents"][0] |= agent
    (problem,) = validate(graph)
    assert said in problem


def test_a_rerun_keeps_what_tools_did():
    model, tools = "execute/1/write/1", "tool/1/write/1"
    steps = {f"{model}/1": "model", f"{tools}/1/0": "tool", f"{model}/2": "model", f"{model}/3": "model"}
    # The replies after the tools were rejected, and are asked for again; those before it stand with what they did.
    assert kept(steps, {f"{model}/2", f"{model}/3"}) == {f"{model}/1", f"{tools}/1/0"}
    assert kept(steps, set()) == set(steps)
    # Of an attempt that failed nothing stands, nor of a node that runs again.
    assert kept({**steps, "node/1/write/1/attempt/1": "attempt"}, set()) == set()
    assert kept(steps, set(), ["write"]) == set()
