"""Workflows that requests bring along, and inputs for them: checked before there is a task."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sessions.callers import Caller
from workflows.engine.graphs import graph as graphs
from workflows.engine.graphs.executable import execution_problems
from workflows.engine.tools import TOOL_NAME, Tool
from workflows.exceptions import Conflict, Invalid, Problem
from workflows.mcp.names import server_of
from workflows.mcp.toolset import stub
from workflows.models import Job, Status, Task
from workflows.toolbox import tools_for

MAX_NODES: Final = 1000
MAX_PROBLEMS: Final = 20
FIELD: Final = "workflow_graph"

PLACE: Final = re.compile(r"(?:\w+(?:\[\d+\])?)(?:\.\w+(?:\[\d+\])?)*(?= (?:must|has) )")
"""What the sentences about a graph's shape begin with: `nodes[3].inputs[0].type must …`."""
NAMED: Final = re.compile(r"\bnode '([^']+)'")

GENERATES: Final = frozenset({Job.GENERATE, Job.RUN})
"""The jobs that make a workflow."""

Graph = Mapping[str, Any]


def checked_graph(graph: Any, caller: Caller, servers: Collection[str] = ()) -> dict[str, Any]:
    """A graph that can be executed, given its inputs. `servers`: MCP servers that the request brings along, whose
    tools show only later. Raises Invalid: each problem names the node, and its place.
    """
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    if isinstance(nodes, list) and len(nodes) > MAX_NODES:
        msg = f"The graph has {len(nodes):,} nodes, and {MAX_NODES:,} is the most. Split it into several workflows."
        raise Invalid.at("body", FIELD, "nodes", msg=msg, type="too_long")
    if problems := graphs.validate(graph):
        places = _places(nodes if isinstance(nodes, list) else [])
        raise Invalid([Problem(loc=_loc(said, places), msg=said, type="value_error") for said in problems])
    # Inputs come with each execution; what the graph itself lacks can be said of it alone.
    tools = _tools_of(caller, graph, servers)
    _refuse(problem for problem in execution_problems(graph, {}, tools) if problem["loc"][0] == FIELD)
    checked: dict[str, Any] = graph
    return checked


def generated_graph(task: Task) -> dict[str, Any]:
    """The workflow that a task generated. Raises Conflict if it generates none, or has not done so."""
    if task.job not in GENERATES:
        raise Conflict(
            f"Task {task.pk} generates no workflow: its job is {task.job}. To execute the same again, send its "
            f"workflow_graph, or POST /api/v1/tasks/{task.pk}/rerun."
        )
    if task.status != Status.COMPLETED:
        hint = "Generate it again." if task.has_ended else "Wait until it has completed."
        raise Conflict(f"Task {task.pk} has no workflow to execute: it is {task.status}. {hint}")
    graph: dict[str, Any] = task.result["workflow_graph"]
    return graph


def check_inputs(graph: Graph, inputs: Mapping[str, Any], caller: Caller, servers: Collection[str] = ()) -> None:
    """Raises Invalid for inputs that are missing or of a wrong type."""
    _refuse(execution_problems(graph, inputs, _tools_of(caller, graph, servers)))


def _tools_of(caller: Caller, graph: Graph, servers: Collection[str]) -> list[Tool]:
    tools = tools_for(caller.group_id)
    agents = [agent for node in graph["nodes"] for agent in node["agents"]]
    named = {name for agent in agents for name in agent.get("tool_names") or ()}
    later = [name for name in named if server_of(name) in servers and tools.get(name) is None]
    return [*tools, *(stub(name, str(server_of(name)), "") for name in later if TOOL_NAME.fullmatch(name))]


def _refuse(problems: Iterator[Problem] | Sequence[Problem]) -> None:
    found = [Problem(loc=["body", *p["loc"]], msg=p["msg"], type=p["type"]) for p in problems]
    if found:
        raise Invalid(found[:MAX_PROBLEMS])


def _loc(said: str, places: Mapping[str, int]) -> list[str | int]:
    """Where in the request the problem is: the path with which its sentence begins, or the node that it names."""
    if path := PLACE.match(said):
        steps = re.findall(r"\w+", path[0])
        return ["body", FIELD, *(int(step) if step.isdigit() else step for step in steps)]
    node = NAMED.search(said)
    if node and node[1] in places:
        return ["body", FIELD, "nodes", places[node[1]]]
    return ["body", FIELD]


def _places(nodes: Sequence[Any]) -> dict[str, int]:
    """The index of each node by its name; of several of one name, the last."""
    names = ((node.get("name") if isinstance(node, dict) else None) for node in nodes)
    return {name: index for index, name in enumerate(names) if isinstance(name, str)}
