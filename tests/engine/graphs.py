"""Graphs to execute, made of sub-tasks."""

from typing import Any

from workflows.engine.graphs.graph import build, validate
from workflows.engine.shapes import Agent, Plan

from .scripted import agent, parameter, sub_task


def graph_of(*sub_tasks: dict[str, Any], goal: str = "Report on risks") -> dict[str, Any]:
    """The valid graph of these sub-tasks, each with its agent."""
    plan = Plan.model_validate({"sub_tasks": sub_tasks})
    agents = {node["name"]: [Agent.model_validate(agent(node))] for node in sub_tasks}
    graph = build(goal, plan, agents)
    assert validate(graph) == []
    return graph


def diamond() -> dict[str, Any]:
    """One node, four that take its output, and one that takes theirs."""
    middles = [sub_task(f"look_{i}", ["goal", "points"], [f"view_{i}"]) for i in range(4)]
    return graph_of(
        sub_task("collect", ["goal"], ["points"]),
        *middles,
        sub_task("write", [f"view_{i}" for i in range(4)], ["report"]),
    )


def chain(length: int) -> dict[str, Any]:
    """Each node takes the output of the one before it."""
    first = sub_task("n0", ["goal"], ["v0"])
    return graph_of(first, *(sub_task(f"n{i}", [f"v{i - 1}"], [f"v{i}"]) for i in range(1, length)))


def loop() -> dict[str, Any]:
    """A writer with a reviewer whose remarks come back, and a publisher behind the loop."""
    return graph_of(
        sub_task("write", ["goal", parameter("remarks", required=False)], ["draft"]),
        sub_task("review", ["draft"], ["remarks"]),
        sub_task("publish", ["draft"], ["article"]),
    )
