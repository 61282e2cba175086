"""Workflows: made, edited, deleted, run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from sessions.callers import Caller
from workflows.exceptions import NotFound
from workflows.models import Task, Thread, Workflow, WorkflowVersion
from workflows.services.cancel import cancel_quietly
from workflows.services.submit import Submission, submit


@dataclass(frozen=True)
class Draft:
    """What a workflow is to hold, checked. `graph` is None where its first execution plans it from the name."""

    name: str
    definition: Mapping[str, Any]
    graph: Mapping[str, Any] | None


@transaction.atomic
def create_workflow(caller: Caller, draft: Draft) -> Workflow:
    thread = Thread.objects.create(group=caller.group, owner=caller.user)
    workflow = Workflow.objects.create(
        group=caller.group, owner=caller.user, thread=thread, name=draft.name, last_version=1
    )
    _write_version(caller, workflow, draft)
    return workflow


@transaction.atomic
def edit_workflow(caller: Caller, workflow: Workflow, draft: Draft) -> Workflow:
    """Write a new version. A run that is under way goes on with the one that it runs."""
    held = _held(workflow)
    held.name = draft.name
    held.last_version += 1
    held.updated_at = timezone.now()
    held.save(update_fields=["name", "last_version", "updated_at"])
    _write_version(caller, held, draft)
    return held


def delete_workflow(workflow: Workflow, *, reason: str) -> None:
    """Take the workflow away and cancel its runs. What they told stays, as tasks. Again is harmless."""
    with transaction.atomic():
        Thread.objects.select_for_update(no_key=True).get(pk=workflow.thread_id)
        Workflow.objects.filter(pk=workflow.pk, deleted_at=None).update(deleted_at=timezone.now())
    # Not in that transaction: a task is locked before everything else (see append.py).
    for task in Task.objects.unfinished_in(workflow.thread_id).defer("secrets"):
        cancel_quietly(task, reason=reason)


@transaction.atomic
def run_workflow(caller: Caller, workflow: Workflow, submission: Submission) -> Task:
    """Submit a run of the workflow, as the next task of its thread; of which version, the submission says.

    Raises Conflict where a run is unfinished, and NotFound where the workflow was deleted meanwhile.
    """
    Thread.objects.select_for_update(no_key=True).get(pk=workflow.thread_id)
    if not Workflow.objects.filter(pk=workflow.pk, deleted_at=None).exists():
        raise NotFound("Workflow not found")
    return submit(caller, replace(submission, thread=workflow.thread, queues=False))


def _write_version(caller: Caller, workflow: Workflow, draft: Draft) -> None:
    WorkflowVersion.objects.create(
        workflow=workflow,
        number=workflow.last_version,
        definition=dict(draft.definition),
        graph=None if draft.graph is None else dict(draft.graph),
        author=caller.user,
    )


def _held(workflow: Workflow) -> Workflow:
    held = Workflow.objects.select_for_update(no_key=True).filter(pk=workflow.pk, deleted_at=None).first()
    if held is None:
        raise NotFound("Workflow not found")
    return held
