"""What keeps a valid graph from being executed with the inputs that are given."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from workflows.engine.text import cut, listed
from workflows.engine.tools import Tool
from workflows.engine.values import Misfit, fitted
from workflows.exceptions import Problem

GOAL: Final = "goal"

Graph = Mapping[str, Any]


def execution_problems(graph: Graph, inputs: Mapping[str, Any], tools: Iterable[Tool] = ()) -> list[Problem]:
    """The problems, each with its place in the request (`inputs` or `workflow_graph`); none if it can be executed.

    The graph is one that `graph.validate` finds nothing wrong with.
    """
    return [*input_problems(graph, inputs), *_tool_problems(graph, {tool.name for tool in tools})]


def input_problems(graph: Graph, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Those of the inputs alone."""
    given = _with_goal(graph, inputs)
    for parameter in graph["workflow_inputs"]:
        name, type_ = parameter["name"], parameter["type"]
        value = given.get(name)
        if value is None:
            if parameter["required"]:
                said = f": {cut(parameter['description'], 200)}" if parameter["description"] else ""
                msg = f"the workflow needs the input {cut(name, 80)!r}, {_a(type_)}{said}"
                yield Problem(loc=["inputs", name], msg=msg, type="missing")
            continue
        try:
            fitted(value, type_)
        except Misfit as misfit:
            msg = f"the input {cut(name, 80)!r} {misfit.reason}"
            yield Problem(loc=["inputs", name], msg=msg, type="type_error")


def workflow_inputs(graph: Graph, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs by name and of their types; an input `goal` that is not given is the graph's goal.

    Only for inputs without `execution_problems`.
    """
    given = _with_goal(graph, inputs)
    return {
        parameter["name"]: None
        if given.get(parameter["name"]) is None
        else fitted(given[parameter["name"]], parameter["type"])
        for parameter in graph["workflow_inputs"]
    }


def ignored_inputs(graph: Graph, inputs: Mapping[str, Any]) -> list[str]:
    """The names among the inputs that the workflow does not take."""
    taken = {parameter["name"] for parameter in graph["workflow_inputs"]}
    return [name for name in inputs if name not in taken]


def _with_goal(graph: Graph, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return inputs if inputs.get(GOAL) is not None else {**inputs, GOAL: graph["goal"]}


def _tool_problems(graph: Graph, offered: set[str]) -> Iterator[Problem]:
    for index, node in enumerate(graph["nodes"]):
        for number, agent in enumerate(node["agents"]):
            unknown = [tool for tool in agent.get("tool_names") or () if tool not in offered]
            if unknown:
                yield Problem(
                    loc=["workflow_graph", "nodes", index, "agents", number, "tool_names"],
                    msg=f"agent {cut(agent['name'], 80)!r} needs {_tools(unknown)}, and {_offer(sorted(offered))}",
                    type="value_error",
                )


def _tools(names: Sequence[str]) -> str:
    return f"the tool{'s' if len(names) > 1 else ''} {listed(list(names))}"


def _offer(names: list[str]) -> str:
    if not names:
        return "no tools are on offer; set its tool_names to null"
    return f"on offer are {listed(names)}; choose from these, or set tool_names to null"


def _a(type_: str) -> str:
    return f"{'an' if type_[0] in 'aio' else 'a'} {type_}"
