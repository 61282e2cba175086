"""Agents: made, edited, deleted, talked to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from sessions.callers import Caller
from workflows.exceptions import NotFound
from workflows.models import Agent, AgentVersion, Task, Thread
from workflows.services.cancel import cancel_quietly
from workflows.services.submit import Submission, submit

NOT_FOUND: Final = "Agent not found"


@dataclass(frozen=True)
class AgentDraft:
    """What an agent is to be, checked. For `definition` see `AgentVersion`."""

    name: str
    definition: Mapping[str, Any]


FIRST: Final = AgentDraft(
    "Assistant",
    {
        "description": "The agent that every group begins with. Edit it, or make others.",
        "instructions": "You are a helpful assistant. Answer what you are asked, completely and to the point.",
        "model": None,
        "tools_config": {
            "builtin_tools": [
                {"tool_name": "calculator", "requires_user_confirmation": False, "enabled": True},
                {"tool_name": "date_time", "requires_user_confirmation": False, "enabled": True},
            ],
        },
        "events_config": None,
        "planning": False,
        "enable_streaming": False,
        "budget_usd": None,
    },
)


@transaction.atomic
def create_agent(caller: Caller, draft: AgentDraft) -> Agent:
    return _created(caller.group, caller.user, draft)


@transaction.atomic
def give_first_agent(group: Group) -> Agent:
    """The agent that a new group begins with, so that there is one to talk to."""
    return _created(group, None, FIRST)


@transaction.atomic
def edit_agent(caller: Caller, agent: Agent, draft: AgentDraft) -> Agent:
    """Write a new version. A turn that is under way goes on with the one that it runs. Raises NotFound."""
    held = _held(agent)
    held.name = draft.name
    held.last_version += 1
    held.updated_at = timezone.now()
    held.save(update_fields=["name", "last_version", "updated_at"])
    _write_version(held, caller.user, draft)
    return held


def delete_agent(agent: Agent, *, reason: str) -> None:
    """Take the agent away and cancel its turns. What they told stays, as tasks. Again is harmless."""
    Agent.objects.filter(pk=agent.pk, deleted_at=None).update(deleted_at=timezone.now())
    # Not in one transaction: a task is locked before everything else (see append.py).
    for task in Task.objects.unfinished().filter(thread__agent=agent).defer("secrets"):
        cancel_quietly(task, reason=reason)


@transaction.atomic
def start_conversation(caller: Caller, agent: Agent, submission: Submission) -> Task:
    """The first turn of a new conversation with the agent. Raises NotFound where the agent was deleted meanwhile.

    With an idempotency key that was used before it is the first turn of then.
    """
    held = _held(agent)
    thread = Thread.objects.create(group=caller.group, owner=caller.user, agent=held)
    task = submit(caller, replace(submission, thread=thread))
    if task.thread_id != thread.pk:
        thread.delete()
    return task


def cancel_conversation(thread: Thread, *, reason: str) -> bool:
    """Cancel all turns that have not ended. False if there are none."""
    # The last one first: the end of a turn sends the next one to the workers.
    turns = Task.objects.unfinished_in(thread.pk).defer("secrets").reverse()
    cancelled = [cancel_quietly(turn, reason=reason) for turn in turns]
    return any(cancelled)


@transaction.atomic
def take_turn(caller: Caller, thread: Thread, submission: Submission) -> Task:
    """The next turn of a conversation; it waits for those before it. Raises NotFound likewise."""
    if thread.agent is None:
        raise NotFound(NOT_FOUND)
    _held(thread.agent)
    return submit(caller, replace(submission, thread=thread))


def _created(group: Group, owner: User | None, draft: AgentDraft) -> Agent:
    agent = Agent.objects.create(group=group, owner=owner, name=draft.name, last_version=1)
    _write_version(agent, owner, draft)
    return agent


def _write_version(agent: Agent, author: User | None, draft: AgentDraft) -> None:
    AgentVersion.objects.create(
        agent=agent, number=agent.last_version, definition=dict(draft.definition), author=author
    )


def _held(agent: Agent) -> Agent:
    held = Agent.objects.select_for_update(no_key=True).filter(pk=agent.pk, deleted_at=None).first()
    if held is None:
        raise NotFound(NOT_FOUND)
    return held
