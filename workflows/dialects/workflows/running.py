"""From a request to a run of a workflow."""

from typing import Any

from django.http import HttpRequest

from sessions.callers import Caller
from workflows import providers, services
from workflows.dialects.workflows.lookup import run_to_act_on
from workflows.dialects.workflows.serializers import ExecuteSerializer, RetrySerializer
from workflows.engine.graphs.executable import ignored_inputs
from workflows.exceptions import Conflict
from workflows.http.access import spend
from workflows.http.budget import limits_of
from workflows.http.graphs import check_inputs
from workflows.http.idempotency import idempotency_of
from workflows.http.views import validated
from workflows.models import Job, Status, Task, Workflow


def execute(request: HttpRequest, caller: Caller, workflow: Workflow, body: Any) -> Task:
    """Run the workflow's newest version. Raises Conflict if it runs already; Invalid, TooMany, NotFound."""
    asked = validated(ExecuteSerializer, body)
    version = workflow.newest
    inputs = asked.get("inputs") or {}
    ignored = [name for name in body if name not in ExecuteSerializer().fields]
    if version.graph is not None:
        check_inputs(version.graph, inputs, caller)
        ignored += [f"inputs.{name}" for name in ignored_inputs(version.graph, inputs)]
    choice = providers.choose(asked.get("llm_config") or {})
    spend(caller)
    config = version.definition["config"]
    submission = services.Submission(
        job=Job.RUN if version.graph is None else Job.EXECUTE,
        goal=workflow.name,
        params={"llm_config": choice.params, "inputs": inputs, "depth": config["depth"], "breadth": config["breadth"]},
        secrets=choice.secrets,
        timeout_seconds=asked["timeout"],
        **limits_of(asked),
        ignored=[name[:100] for name in ignored[:50]],
        workflow_version=version,
        idempotency=idempotency_of(request),
    )
    return services.run_workflow(caller, workflow, submission)


def retry(caller: Caller, workflow: Workflow, body: Any) -> Task:
    """Run again what the latest run has not done: what failed, and all that follows. Raises Conflict if there is
    nothing of that kind, unless the body names tasks."""
    asked = validated(RetrySerializer, body)
    run = run_to_act_on(workflow)
    nodes = asked.get("nodes", [])
    if run.status == Status.COMPLETED and not nodes:
        raise Conflict(
            "Nothing failed in the latest run, so there is nothing to retry. Start a new one with POST …/execute, or "
            'say which tasks are to run again: {"nodes": ["…"]}.'
        )
    spend(caller)
    return services.rerun(caller, run, secrets=asked.get("llm_config"), redo=nodes, inputs=asked.get("inputs"))
