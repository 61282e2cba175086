"""How workflows, their versions and their runs look in this dialect."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from workflows.dialects.workflows.frames import results_of
from workflows.dialects.workflows.states import tasks_of
from workflows.models import Status, Task, Workflow, WorkflowVersion
from workflows.models.stream import timestamp

PREFIX: Final = "/api/v1/workflows"
PENDING: Final = "pending"


def workflow_object(workflow: Workflow, run: Task | None, metadata: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A workflow with its tasks and their results; `run` is its latest."""
    version = workflow.newest
    shown = shown_run(workflow, run)
    if shown and shown.workflow_version:
        version = shown.workflow_version
    tasks = tasks_of(version, shown)
    return {
        **summary(workflow, run),
        "config": version.definition["config"],
        "tasks": tasks,
        "results": _results(shown, tasks),
        "metadata": dict(metadata or {}),
    }


def summary(workflow: Workflow, run: Task | None) -> dict[str, Any]:
    """A workflow as lists show it."""
    shown = shown_run(workflow, run)
    return {
        "id": str(workflow.pk),
        "name": workflow.name,
        "status": status_of(shown),
        "progress_percent": shown.progress if shown else 0,
        "current_state": shown.current_state if shown else "",
        "error": shown.error if shown else None,
        "version": workflow.last_version,
        "run": run.run_no if run else None,
        "created_at": timestamp(workflow.created_at),
        "updated_at": timestamp(workflow.updated_at),
        "started_at": timestamp(shown.created_at) if shown else None,
        "completed_at": timestamp(shown.ended_at) if shown and shown.ended_at else None,
    }


def shown_run(workflow: Workflow, run: Task | None) -> Task | None:
    """The run that a workflow's status is of: none, once it was edited after that run."""
    if run is None or not run.has_ended:
        return run
    version = run.workflow_version
    return run if version and version.number == workflow.last_version else None


def status_of(run: Task | None) -> str:
    """A run that waits for a worker counts as running: its workflow was started."""
    if run is None:
        return PENDING
    return Status.RUNNING if run.status == Status.QUEUED else run.status


def run_object(run: Task) -> dict[str, Any]:
    task = f"/api/v1/tasks/{run.pk}"
    return {
        "run": run.run_no,
        "task_id": str(run.pk),
        "status": status_of(run),
        "version": run.workflow_version.number if run.workflow_version else None,
        "progress_percent": run.progress,
        "error": run.error,
        "rerun_of": str(run.rerun_of_id) if run.rerun_of_id else None,
        "started_at": timestamp(run.created_at),
        "completed_at": timestamp(run.ended_at) if run.ended_at else None,
        "links": {"task": task, "events": f"{task}/events"},
    }


def version_summary(version: WorkflowVersion) -> dict[str, Any]:
    """A version as lists show it."""
    return {
        "version": version.number,
        "created_at": timestamp(version.created_at),
        "author": version.author.get_username(),
    }


def version_object(version: WorkflowVersion) -> dict[str, Any]:
    """A version with what it holds, as it was written; posted again, it makes the same."""
    return {**version_summary(version), **version.definition}


def stream_url(workflow: Workflow) -> str:
    return f"{PREFIX}/{workflow.pk}/stream"


def _results(run: Task | None, tasks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    if run and run.result:
        return results_of(run.result["results"])
    return {task["name"]: task["result"] for task in tasks if task["result"] is not None}
