"""The same again, as a new task."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models.fields.json import KT

from sessions.callers import Caller
from workflows.engine.graphs.executable import input_problems
from workflows.engine.graphs.wiring import leading_to
from workflows.engine.replay import kept
from workflows.engine.text import listed
from workflows.events import Kind
from workflows.exceptions import Conflict, Invalid, Problem
from workflows.mcp.names import TASK_HEADERS, TASK_SERVERS
from workflows.models import Event, Job, Status, Step, Task
from workflows.models.task import MODEL_KEY
from workflows.services.submit import Submission, submit


@transaction.atomic
def rerun(
    caller: Caller,
    task: Task,
    *,
    secrets: Mapping[str, str] | None = None,
    redo: Collection[str] = (),
    inputs: Mapping[str, Any] | None = None,
) -> Task:
    """Run an ended task again. A failed or cancelled one goes on from its ledger: what is settled is not paid twice.

    A completed one starts from nothing, since its ledger could only give the same answer; unless `redo` names nodes:
    those, and what follows them, run again, everything else is taken over. `inputs` take the place of the workflow's
    inputs of these names, and the nodes that take them run again. A run in a thread becomes the thread's next one.
    Raises Conflict if it has not ended, if it ran with a key of the caller's, which is gone, and none is given, if its
    thread is occupied, or if nothing says what its nodes are; Invalid for a node or an input that it does not have.
    """
    if not task.has_ended:
        raise Conflict(f"Task {task.pk} is still {task.status}. Cancel it first, or wait for its end.")
    if unsent := _servers_without_headers(task, secrets or {}):
        raise Conflict(
            f"This task sent headers of yours to the MCP servers {listed(unsent)}, which were wiped when it ended. "
            'Send them again: {"mcp_config": {"mcpServers": {"name": {"url": "…", "headers": {…}}}}}.'
        )
    if task.had_model_key and MODEL_KEY not in (secrets or {}):
        raise Conflict(
            "This task ran with a model key of yours, which was wiped when it ended. "
            'Send it again: {"llm_config": {"openai_key": "…"}}.'
        )
    params = dict(task.params)
    if inputs:
        params["inputs"] = {**(params.get("inputs") or {}), **inputs}
        redo = [*redo, *_taking(task, inputs, params["inputs"])]
    again = submit(
        caller,
        Submission(
            job=Job(task.job),
            goal=task.goal,
            params=params,
            secrets=secrets or {},
            timeout_seconds=task.timeout_seconds,
            channel=task.channel,
            thread=task.thread,
            queues=False,
            workflow_version=task.workflow_version,
            agent_version=task.agent_version,
            budget_tokens=task.budget_tokens,
            budget_usd=task.budget_usd,
            rerun_of=task,
        ),
    )
    if task.status != Status.COMPLETED or redo:
        _copy_ledger(task, again, redo)
    return again


def _servers_without_headers(task: Task, secrets: Mapping[str, str]) -> list[str]:
    given = json.loads(secrets.get(TASK_HEADERS) or "{}")
    servers = task.params.get(TASK_SERVERS) or {}
    return [name for name, server in servers.items() if server["sends_headers"] and name not in given]


def _copy_ledger(source: Task, target: Task, redo: Collection[str]) -> None:
    rejected = Event.objects.filter(task=source, kind=Kind.MODEL_REJECTED).values_list(KT("data__call"), flat=True)
    steps = {step.key: step for step in source.steps.order_by("pk")}
    standing = kept({key: step.kind for key, step in steps.items()}, set(rejected), _with_followers(source, redo))
    for key in standing:
        steps[key].pk = None
        steps[key].task = target
    Step.objects.bulk_create([step for key, step in steps.items() if key in standing])


def _taking(task: Task, edited: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[str]:
    """The nodes that take edited inputs. Raises Invalid where the inputs are not what the workflow takes."""
    graph = _graph_of(task)
    taken = [parameter["name"] for parameter in graph["workflow_inputs"]]
    for name in edited:
        if name not in taken:
            raise Invalid.at("body", "inputs", name, msg=f"The workflow does not take it. It takes {listed(taken)}.")
    if problems := list(input_problems(graph, inputs)):
        raise Invalid([Problem(loc=["body", *p["loc"]], msg=p["msg"], type=p["type"]) for p in problems])
    names = edited.keys()
    return [n["name"] for n in graph["nodes"] if any(parameter["name"] in names for parameter in n["inputs"])]


def _graph_of(task: Task) -> Mapping[str, Any]:
    """The workflow that the task executed."""
    version = task.workflow_version
    known: Mapping[str, Any] = {**task.params, **(task.result or {})}
    graph: Mapping[str, Any] | None = version.graph if version else known.get("workflow_graph")
    if graph is None or task.job == Job.GENERATE:
        raise Conflict("Its inputs cannot be changed: there is no workflow of it that takes any. Ask for a new task.")
    return graph


def _with_followers(task: Task, nodes: Collection[str]) -> set[str]:
    """The nodes, and those that need what they make. Raises Invalid for one that the task's workflow does not have."""
    if not nodes:
        return set()
    told = Event.objects.filter(task=task, kind=Kind.WORKFLOW_STARTED).values_list("data", flat=True).first()
    if told is None or told.get("truncated"):
        raise Conflict("Its nodes cannot be chosen: nothing says any more how they hang together. Run all of it again.")
    names = {node["name"] for node in told["nodes"]}
    for index, node in enumerate(nodes):
        if node not in names:
            raise Invalid.at("body", "nodes", index, msg=f"There is no node {node[:80]!r} in this task's workflow.")
    return leading_to(nodes, [(edge["target"], edge["source"]) for edge in told["edges"]])
