"""Rows for tests, made the way the product makes them."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from sessions.callers import Caller
from sessions.models import ClientSession
from workflows import services
from workflows.dialects.agentarea.drafting import draft_of as agent_draft_of
from workflows.dialects.fastworkflow.asking import Query, turn_of
from workflows.dialects.workflows.drafting import draft_of
from workflows.engine import questions as asking
from workflows.engine.commands.definition import Mode
from workflows.events import Kind
from workflows.http.agents import Asked, submission_of
from workflows.models import BUSINESS_INSIGHTS, Agent, Channel, Event, Job, Question, Task, Team, Worker, Workflow
from workflows.services import Claim, Write

LAST = 2**40


def make_task(
    caller: Caller, goal: str = "Count the stars", *, session: ClientSession | None = None, **fields: Any
) -> Task:
    """A queued task. If the test stack runs, its worker takes it once this is committed."""
    submission = services.Submission(
        job=fields.pop("job", Job.GENERATE),
        goal=goal,
        params={"llm_config": {"model": "demo"}},
        timeout_seconds=fields.pop("timeout_seconds", 60),
        session=session,
        **fields,
    )
    return services.submit(caller, submission)


def make_worker(lease_seconds: float = 60) -> Worker:
    lease_until = timezone.now() + timedelta(seconds=lease_seconds)
    return Worker.objects.create(hostname="tests", pid=1, lease_until=lease_until)


def make_running(caller: Caller, worker: Worker, **fields: Any) -> tuple[Task, Claim]:
    """A task that this worker has claimed."""
    with transaction.atomic():
        # Its message goes out with the commit, when it is taken already.
        claimed = services.claim(make_task(caller, **fields).pk, worker.pk)
    assert claimed
    return claimed


APPROVAL = asking.Question(
    "approval",
    "May it be sent?",
    "execute",
    "send",
    {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
    {"to": "everybody"},
    {"tool": "send_mail", "call": "tool/1/send/1/1/0"},
)


def make_question(
    task: Task, claim: Claim, question: asking.Question = APPROVAL, *, key: str = "question/a", number: int = 1
) -> Question:
    """A question that the task asks, with that write of its claim."""
    services.ask(task, key, question, f"{Kind.QUESTION_ASKED}:{key}", Write(claim, number))
    return Question.objects.get(task=task, key=key)


def make_cancelled(caller: Caller, **fields: Any) -> Task:
    """A task that was cancelled before any worker could take it."""
    with transaction.atomic():
        task = make_task(caller, **fields)
        services.cancel(task, reason="test")
    return task


def tell(claim: Claim, number: int, **data: Any) -> services.Appended | None:
    """One plain event under a claim."""
    return services.append(claim.task_id, Kind.MODEL_STARTED, data, write=Write(claim, number))


def kinds_of(task_id: uuid.UUID) -> list[str]:
    return list(Event.objects.filter(task_id=task_id).order_by("seq").values_list("kind", flat=True))


def make_workflow(caller: Caller, *tasks: dict[str, Any], name: str = "Count the stars") -> Workflow:
    """A workflow of these tasks, or of one. It has not run."""
    body = {"name": name, "tasks": list(tasks) or [{"name": "count"}]}
    return services.create_workflow(caller, draft_of(body, caller))


def run_and_cancel(caller: Caller, workflow: Workflow) -> Task:
    """A run of the workflow that was cancelled before any worker could take it."""
    version = workflow.newest
    params = {"llm_config": {"model": "demo"}}
    submission = services.Submission(Job.EXECUTE, workflow.name, 60, params=params, workflow_version=version)
    with transaction.atomic():
        task = services.run_workflow(caller, workflow, submission)
        services.cancel(task, reason="test")
    return task


def make_team(**fields: Any) -> Team:
    """A team with the participants of the one that ships, under a name of its own."""
    shipped = Team.objects.get(name=BUSINESS_INSIGHTS)
    known = {"name": f"team-{uuid.uuid4().hex[:12]}", "planner": shipped.planner, "participants": shipped.participants}
    team = Team(**{**known, **fields})
    services.save_team(team)
    return team


def make_agent(caller: Caller, name: str = "Counter", **fields: Any) -> Agent:
    """An agent, by the words of its API."""
    body = {"name": name, "instruction": "Count the stars.", "model_id": "demo", **fields}
    return services.create_agent(caller, agent_draft_of(caller, body))


def talk_and_cancel(caller: Caller, agent: Agent) -> Task:
    """The first turn of a conversation, cancelled before any worker could take it."""
    with transaction.atomic():
        task = services.start_conversation(caller, agent, submission_of(agent, Asked("How many?", streams=True)))
        services.cancel(task, reason="test")
    return task


def talk_and_pause(caller: Caller, agent: Agent) -> Task:
    """Likewise, paused."""
    with transaction.atomic():
        task = services.start_conversation(caller, agent, submission_of(agent, Asked("How many?", streams=True)))
        services.pause(task, reason="test")
    return task


def make_channel(caller: Caller, name: str | None = None, **fields: Any) -> Channel:
    """A channel of a new user, with a to-do list unless `partner` says otherwise."""
    return services.open_channel(caller, name or f"user-{uuid.uuid4().hex[:12]}", **fields)[0]


def submit_turn(caller: Caller, channel: Channel, text: str = "create a todo", **fields: Any) -> Task:
    """The next turn of a channel. If the test stack runs, its worker takes it once this is committed."""
    query = Query(fields.pop("mode", Mode.AGENT), text, fields.pop("timeout_seconds", 60), **fields)
    return services.take_channel_turn(caller, channel, turn_of(channel, query))


def turn_and_complete(caller: Caller, channel: Channel, text: str = "create a todo", answer: str = "Done.") -> Task:
    """A turn that was answered so, by no worker of the test stack."""
    with transaction.atomic():
        claimed = services.claim(submit_turn(caller, channel, text).pk, make_worker().pk)
        assert claimed
        services.complete(claimed[0], {"final_response": answer}, Write(claimed[1], LAST))
    return claimed[0]
