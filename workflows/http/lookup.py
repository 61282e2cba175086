"""Objects by the ids in a path. What a caller may not see is not there."""

import uuid
from typing import Final

from sessions.callers import Caller
from sessions.models import ClientSession
from workflows.exceptions import NotFound
from workflows.models import Agent, Question, Task, Team, Thread, Webhook, Workflow

NO_AGENT: Final = "Agent not found"
NO_CONVERSATION: Final = "Task not found"
"""In the words of AgentArea, whose tasks conversations are."""


def find_task(caller: Caller, id: str) -> Task:
    """Raises NotFound, also for another group's task and for an id that is no UUID."""
    task = Task.objects.visible_to(caller).defer("secrets").filter(pk=_uuid(id, "task")).first()
    if task is None:
        raise NotFound(f"There is no task {id[:100]}.")
    return task


def find_question(caller: Caller, id: str) -> Question:
    """Raises NotFound likewise."""
    visible = Question.objects.visible_to(caller).select_related("answered_by")
    question = visible.filter(pk=_uuid(id, "question")).first()
    if question is None:
        raise NotFound(f"There is no question {id[:100]}.")
    return question


def find_session(caller: Caller, id: str) -> ClientSession:
    """Raises NotFound likewise."""
    session = ClientSession.objects.visible_to(caller).filter(pk=_uuid(id, "client session")).first()
    if session is None:
        raise NotFound(f"There is no client session {id[:100]}.")
    return session


def find_workflow(caller: Caller, id: str) -> Workflow:
    """Raises NotFound likewise, and for a deleted one."""
    visible = Workflow.objects.visible_to(caller).select_related("thread")
    workflow = visible.filter(pk=_uuid(id, "workflow")).first()
    if workflow is None:
        raise NotFound(f"There is no workflow {id[:100]}.")
    return workflow


def find_webhook(caller: Caller, id: str) -> Webhook:
    """Raises NotFound likewise."""
    webhook = Webhook.objects.visible_to(caller).filter(pk=_uuid(id, "webhook")).first()
    if webhook is None:
        raise NotFound(f"There is no webhook {id[:100]}.")
    return webhook


def find_team(caller: Caller, name: str) -> Team:
    """Raises NotFound for another group's, and for one that nobody may ask any more."""
    team = Team.objects.visible_to(caller).filter(name=name).first()
    if team is None:
        raise NotFound(f"There is no team {name[:100]!r}.")
    return team


def find_agent(caller: Caller, id: str) -> Agent:
    """Raises NotFound likewise, and for a deleted one; in the words that its API's clients know."""
    agent = Agent.objects.visible_to(caller).filter(pk=_parsed(id, NO_AGENT)).first()
    if agent is None:
        raise NotFound(NO_AGENT)
    return agent


def find_conversation(caller: Caller, agent_id: str, id: str) -> Thread:
    """A conversation with an agent, also with one that was deleted meanwhile. Raises NotFound likewise."""
    threads = Thread.objects.visible_to(caller).filter(agent=_parsed(agent_id, NO_AGENT)).select_related("agent")
    thread = threads.filter(pk=_parsed(id, NO_CONVERSATION)).first()
    if thread is None:
        raise NotFound(NO_CONVERSATION if _has_agent(caller, agent_id) else NO_AGENT)
    return thread


def _has_agent(caller: Caller, id: str) -> bool:
    return Agent.objects.filter(group_id=caller.group_id, pk=id).exists()


def _uuid(id: str, what: str) -> uuid.UUID:
    return _parsed(id, f"There is no {what} {id[:100]}.")


def _parsed(id: str, missing: str) -> uuid.UUID:
    try:
        return uuid.UUID(id)
    except ValueError:
        raise NotFound(missing) from None
