"""From a request's body to what a workflow is to hold: its tasks become the nodes of a graph."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sessions.callers import Caller
from workflows.dialects.workflows.serializers import ConfigSerializer, TaskSerializer, WorkflowSerializer
from workflows.engine.graphs import graph as graphs
from workflows.engine.graphs import policies, wiring
from workflows.engine.graphs.executable import GOAL
from workflows.engine.graphs.templates import completed
from workflows.engine.shapes import Agent, Parameter, Plan, SubTask
from workflows.engine.text import cut, listed
from workflows.exceptions import Invalid, Problem
from workflows.http.graphs import MAX_PROBLEMS, checked_graph
from workflows.http.views import validated
from workflows.services import Draft
from workflows.toolbox import tools_for

Task = Mapping[str, Any]


def draft_of(body: Any, caller: Caller) -> Draft:
    """The workflow that a body describes. Raises Invalid, with the place of each problem and the task it is about."""
    asked = validated(WorkflowSerializer, body)
    config = asked.get("config") or ConfigSerializer(data={}).run_validation({})
    if "workflow_graph" in asked:
        if asked.get("tasks"):
            msg = "Send either tasks or a workflow_graph: a graph holds its tasks as nodes."
            raise Invalid.at("body", "tasks", msg=msg)
        graph = checked_graph(asked["workflow_graph"], caller)
        name = asked.get("name") or graph["goal"].strip()[:500]
        if not name:
            raise Invalid.at("body", "name", msg="Give a name: the graph has no goal to call it by.", type="missing")
        return Draft(name, {"workflow_graph": graph, "config": config}, graph)
    if "name" not in asked:
        raise Invalid.at("body", "name", msg="This field is required.", type="missing")
    tasks: list[Task] = asked.get("tasks", [])
    definition = {"tasks": [dict(task) for task in tasks], "config": config}
    return Draft(asked["name"], definition, graph_of(asked["name"], tasks, caller) if tasks else None)


def ignored_keys(body: Mapping[str, Any]) -> list[str]:
    """The names that were sent and that nothing will read."""
    known = WorkflowSerializer().fields
    found = [name for name in body if name not in known]
    config, tasks = body.get("config"), body.get("tasks")
    if isinstance(config, dict):
        found += [f"config.{name}" for name in config if name not in ConfigSerializer().fields]
    if isinstance(tasks, list):
        of_task = TaskSerializer().fields
        found += [f"tasks.{i}.{name}" for i, task in enumerate(tasks) for name in task if name not in of_task]
    return [name[:100] for name in found[:50]]


def graph_of(name: str, tasks: Sequence[Task], caller: Caller) -> dict[str, Any]:
    """The graph of tasks that fit together. Raises Invalid."""
    problems = [*_problems(tasks, caller)][:MAX_PROBLEMS]
    if problems:
        raise Invalid(problems)
    sub_tasks = tuple(_sub_task(task) for task in tasks)
    plan = Plan(goal=name, sub_tasks=sub_tasks)
    agents = {task["name"]: [_agent(task, part)] for task, part in zip(tasks, sub_tasks, strict=True)}
    graph = graphs.build(name, plan, agents)
    for node, task in zip(graph["nodes"], tasks, strict=True):
        policy = {key: task[key] for key in ("retries", "timeout_seconds") if task.get(key) is not None}
        if policy:
            node[policies.KEY] = policy
    # Our own making is held to the same rules as what others post.
    return checked_graph(graph, caller)


def result_name(task: str) -> str:
    """The one output of a task."""
    return f"{task}_result"


def _problems(tasks: Sequence[Task], caller: Caller) -> Iterator[Problem]:
    places: dict[str, int] = {}
    for index, task in enumerate(tasks):
        first = places.setdefault(task["name"], index)
        if first != index:
            msg = f"There is a task named {task['name']!r} already (tasks[{first}]). Give each its own name."
            yield _problem(["body", "tasks", index, "name"], msg)
    unknown = [*_unknown_dependencies(tasks, places)]
    yield from unknown
    if not unknown:
        yield from _circle(tasks, places)
    yield from _tools(tasks, caller)


def _unknown_dependencies(tasks: Sequence[Task], places: Mapping[str, int]) -> Iterator[Problem]:
    for index, task in enumerate(tasks):
        for number, dependency in enumerate(task.get("depends_on", ())):
            if dependency not in places:
                msg = (
                    f"The task {task['name']!r} depends on {cut(dependency, 80)!r}, which is no task of this workflow. "
                    f"Its tasks are {listed(list(places))}."
                )
                yield _problem(["body", "tasks", index, "depends_on", number], msg)


def _circle(tasks: Sequence[Task], places: Mapping[str, int]) -> Iterator[Problem]:
    waits = [(source, task["name"]) for task in tasks for source in task.get("depends_on", ())]
    if circle := wiring.circle(places, waits):
        msg = (
            f"The task {circle[0]!r} depends on itself. Remove that."
            if len(circle) == 1
            else f"These tasks wait for each other in a circle: {listed(circle)}. Remove one of the dependencies."
        )
        yield _problem(["body", "tasks", places[circle[0]], "depends_on"], msg)


def _tools(tasks: Sequence[Task], caller: Caller) -> Iterator[Problem]:
    tools = tools_for(caller.group_id)
    for index, task in enumerate(tasks):
        for number, tool in enumerate(task.get("tools") or ()):
            if tools.get(tool) is not None:
                continue
            asks = f"The task {task['name']!r} asks for the tool {cut(tool, 80)!r}"
            msg = f"{asks}, which is not on offer. Choose from {tools}, or leave it out."
            yield _problem(["body", "tasks", index, "tools", number], msg)


def _problem(loc: list[str | int], msg: str) -> Problem:
    return Problem(loc=loc, msg=msg, type="value_error")


def _sub_task(task: Task) -> SubTask:
    results = [_text(result_name(name), f"The result of {name}.") for name in dict.fromkeys(task.get("depends_on", ()))]
    return SubTask(
        name=task["name"],
        description=task.get("description") or "",
        inputs=(_text(GOAL, "What the whole workflow is for."), *results),
        outputs=(_text(result_name(task["name"]), f"The whole result of {task['name']}."),),
    )


def _agent(task: Task, sub_task: SubTask) -> Agent:
    """Braces in a task's texts are meant as they stand: what flows in comes below them, in sections of its own."""
    objective = task.get("description") or task["name"].replace("_", " ").strip().capitalize()
    role = f"You are: {task['agent']}\n\n" if task.get("agent") else ""
    instructions = task.get("prompt") or (
        "Do exactly what the objective says, completely, and invent no facts. `goal` is what all of it is for; the "
        "other inputs are results that earlier tasks made for you."
    )
    prompt = f"### Objective\n{role}{objective}\n\n### Instructions\n{instructions}"
    return Agent(
        name=f"{task['name']}_agent",
        description=task.get("description") or objective,
        inputs=sub_task.inputs,
        outputs=sub_task.outputs,
        tool_names=tuple(task["tools"]) if task.get("tools") else None,
        prompt=completed(
            prompt.replace("{", "{{").replace("}", "}}"),
            [parameter.name for parameter in sub_task.inputs],
            [parameter.name for parameter in sub_task.outputs],
        ),
    )


def _text(name: str, description: str) -> Parameter:
    return Parameter(name=name, type="string", description=description, required=True)
