"""The workflow that a request wants executed: its own, or one that an earlier task generated."""

from collections.abc import Collection, Mapping
from typing import Any

from rest_framework import serializers

from sessions.callers import Caller
from workflows.dialects.evoagentx.serializers import MAX_GOAL, visible
from workflows.exceptions import Invalid
from workflows.http.graphs import checked_graph, generated_graph
from workflows.http.lookup import find_task


def chosen_graph(caller: Caller, asked: Mapping[str, Any], servers: Collection[str]) -> dict[str, Any]:
    """Raises Invalid for a graph that cannot be executed, and unless there is just one of graph and task; NotFound
    for a task that the caller may not see; Conflict for one that has no workflow."""
    given, task_id = asked.get("workflow_graph"), asked.get("task_id")
    if given is None and task_id is None:
        msg = "Send a workflow_graph, or the task_id of the generation that made one."
        raise Invalid.at("body", "workflow_graph", msg=msg, type="missing")
    if given is not None and task_id is not None:
        raise Invalid.at("body", "task_id", msg="Send either a workflow_graph or a task_id, not both.")
    if task_id is None:
        return _posted(given, caller, servers)
    return checked_graph(generated_graph(find_task(caller, task_id)), caller, servers)


def _posted(given: Any, caller: Caller, servers: Collection[str]) -> dict[str, Any]:
    """A posted graph, whose goal becomes the task's."""
    graph = checked_graph(given, caller, servers)
    where = ("body", "workflow_graph", "goal")
    if len(graph["goal"]) > MAX_GOAL:
        msg = f"The goal has {len(graph['goal']):,} characters, and {MAX_GOAL:,} is the most."
        raise Invalid.at(*where, msg=msg, type="string_too_long")
    try:
        visible(graph["goal"])
    except serializers.ValidationError:
        raise Invalid.at(*where, msg="The graph's goal may not be blank.", type="string_too_short") from None
    return graph
