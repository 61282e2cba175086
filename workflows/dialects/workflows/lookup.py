"""Workflows by the ids in a path. What a caller may not see is not there."""

import uuid
from typing import Final

from sessions.callers import Caller
from workflows.exceptions import Conflict, NotFound
from workflows.models import Task, Workflow, WorkflowVersion

NOT_FOUND: Final = "Workflow not found"


def find_workflow(caller: Caller, id: str) -> Workflow:
    """Raises NotFound, also for another group's workflow, for a deleted one, and for an id that is no UUID."""
    try:
        workflow_id = uuid.UUID(id)
    except ValueError:
        raise NotFound(NOT_FOUND) from None
    found = Workflow.objects.visible_to(caller).select_related("thread").filter(pk=workflow_id).first()
    if found is None:
        raise NotFound(NOT_FOUND)
    return found


def find_version(workflow: Workflow, number: str) -> WorkflowVersion:
    """Raises NotFound, which says what there is."""
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    found = workflow.versions.filter(number=int(number)).first() if is_number else None
    if found is None:
        raise NotFound(
            f"There is no version {number[:20]!r}. This workflow has the versions 1 to {workflow.last_version}."
        )
    return found


def latest_run(workflow: Workflow) -> Task | None:
    """The one that is under way, or else the last one."""
    runs = Task.objects.filter(thread=workflow.thread_id).defer("secrets", "params")
    return runs.select_related("workflow_version").order_by("-run_no").first()


def run_to_act_on(workflow: Workflow) -> Task:
    """The latest run. Raises Conflict where there is none yet."""
    run = latest_run(workflow)
    if run is None:
        raise Conflict("This workflow has not run yet. Start it with POST …/execute.")
    return run
