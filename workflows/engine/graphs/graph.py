"""The `workflow_graph`: built from a plan and its agents, and checked against every rule.

Its shape is the one that EvoAgentX's `WorkFlowGraph` saves and loads (0.1.4, workflow/workflow_graph.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

from workflows.engine.graphs import rules, wiring
from workflows.engine.shapes import Agent, Parameter, Plan, SubTask

MAX_PROBLEMS: Final = 20


def build(goal: str, plan: Plan, agents: Mapping[str, Sequence[Agent]]) -> dict[str, Any]:
    """The graph of a plan: edges, workflow inputs and workflow outputs follow from the nodes' names.

    `agents` are by node; a node without any gets an empty list, which only `plan_problems` puts up with.
    """
    nodes = [_node(sub_task, agents.get(sub_task.name, ())) for sub_task in plan.sub_tasks]
    return {
        "class_name": "WorkFlowGraph",
        "goal": goal,
        "nodes": nodes,
        "edges": _edges(nodes),
        "workflow_inputs": wiring.open_inputs(nodes),
        "workflow_outputs": wiring.results(nodes),
    }


def validate(graph: object) -> list[str]:
    """The problems of a graph, each a sentence, at most 20 and a word that there are more; none if valid.

    Takes any JSON value, of any size, from anybody.
    """
    shape = _first(rules.shape_problems(graph))
    if shape or not isinstance(graph, dict):
        return shape
    agents = chain.from_iterable(rules.agent_problems(node) for node in graph["nodes"])
    return _first(chain(rules.structure_problems(graph), agents))


def plan_problems(graph: Mapping[str, Any]) -> list[str]:
    """The problems of a graph that has no agents yet."""
    return _first(rules.shape_problems(graph)) or _first(rules.structure_problems(graph))


def aligned(plan: Plan) -> Plan:
    """The plan with one type per name: what flows has the type that its producer gives it."""
    types = {output.name: output.type for sub_task in plan.sub_tasks for output in sub_task.outputs}
    sub_tasks = tuple(
        sub_task.model_copy(
            update={"inputs": tuple(i.model_copy(update={"type": types.get(i.name, i.type)}) for i in sub_task.inputs)}
        )
        for sub_task in plan.sub_tasks
    )
    return plan.model_copy(update={"sub_tasks": sub_tasks})


def _first(problems: Iterable[str]) -> list[str]:
    """The first problems only: the rules are generators, so that the rest costs nothing."""
    found = list(islice(problems, MAX_PROBLEMS + 1))
    return found if len(found) <= MAX_PROBLEMS else [*found[:MAX_PROBLEMS], "there are more problems after these"]


def _edges(nodes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    order = {node["name"]: index for index, node in enumerate(nodes)}
    pairs = sorted(wiring.links(nodes), key=lambda pair: (order[pair[0]], order[pair[1]]))
    return [
        {"class_name": "WorkFlowEdge", "source": source, "target": target, "priority": 0} for source, target in pairs
    ]


def _node(sub_task: SubTask, agents: Sequence[Agent]) -> dict[str, Any]:
    return {
        "class_name": "WorkFlowNode",
        "name": sub_task.name,
        "description": sub_task.description,
        "reason": sub_task.reason,
        "status": "pending",
        "inputs": [_parameter(parameter) for parameter in sub_task.inputs],
        "outputs": [_parameter(parameter) for parameter in sub_task.outputs],
        "agents": [agent.model_dump(mode="json") for agent in agents],
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {"class_name": "Parameter", **parameter.model_dump(mode="json")}
