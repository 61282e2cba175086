"""A new task."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from sessions.callers import Caller
from sessions.models import ClientSession
from workflows.events import Kind
from workflows.exceptions import Conflict
from workflows.models import AgentVersion, Channel, Job, Task, Thread, WorkflowVersion
from workflows.services import secrets
from workflows.services.append import append
from workflows.services.deliveries import enrol
from workflows.services.queue import enqueue

IDEMPOTENCY_HOURS = 24
IDEMPOTENCY_LOCK = 0x4B455953
"""The advisory locks' class ("KEYS")."""


@dataclass(frozen=True)
class Idempotency:
    """The caller's `Idempotency-Key`, which counts per caller and route."""

    key: str
    route: str


@dataclass(frozen=True)
class Submission:
    """What is asked for. `secrets` are stored encrypted and wiped when the task ends; `ignored` names what the request
    held and nothing will read."""

    job: Job
    goal: str
    timeout_seconds: float
    params: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    ignored: Sequence[str] = ()
    session: ClientSession | None = None
    channel: Channel | None = None
    thread: Thread | None = None
    queues: bool = True
    """Whether the task waits for its turn in the thread. If not, it is refused while another one is unfinished."""
    workflow_version: WorkflowVersion | None = None
    agent_version: AgentVersion | None = None
    budget_tokens: int | None = None
    budget_usd: Decimal | None = None
    rerun_of: Task | None = None
    idempotency: Idempotency | None = None

    def digest(self) -> str:
        """The same for the same request, so that a key cannot be used for two different ones."""
        asked: list[Any] = [self.job, self.goal, self.timeout_seconds, self.params, sorted(self.secrets.items())]
        if self.budget_tokens is not None or self.budget_usd is not None:
            asked += [self.budget_tokens, str(self.budget_usd)]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def submit(caller: Caller, submission: Submission) -> Task:
    """Write the task and its first event, and send it to the workers on commit.

    With an idempotency key that was used before, the task of then is returned, and nothing is written.
    Raises Conflict if the session no longer takes tasks, or if the key was used for another request.
    """
    if submission.idempotency is None:
        return _submit(caller, submission)
    known = _submitted_before(caller, submission, submission.idempotency)
    return known or _submit_once(caller, submission, submission.idempotency)


@transaction.atomic
def _submit_once(caller: Caller, submission: Submission, idempotency: Idempotency) -> Task:
    """Submit, unless the same request, arrived twice at once, was first.

    Requests with one key wait for each other here. At the unique index they would wait with the session's row locked,
    for a task of the first one that may itself be waiting for that row.
    """
    key = f"{caller.user.pk}/{caller.group_id}/{idempotency.route}/{idempotency.key}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [IDEMPOTENCY_LOCK, key])
    return _submitted_before(caller, submission, idempotency) or _submit(caller, submission)


@transaction.atomic
def _submit(caller: Caller, submission: Submission) -> Task:
    # The channel before the thread, and that before the session: nobody who holds the later one waits for the earlier.
    if submission.channel:
        check_free(submission.channel)
    run_no = _next_run(submission.thread, queues=submission.queues) if submission.thread else None
    session = submission.session
    if session and not _keep_open(session):
        raise Conflict(f"Session {session.pk} is closed. Open a new one with POST /connect.")
    now = timezone.now()
    idempotency = submission.idempotency
    task = Task.objects.create(
        group=caller.group,
        owner=caller.user,
        session=session,
        channel=submission.channel,
        thread=submission.thread,
        run_no=run_no,
        workflow_version=submission.workflow_version,
        agent_version=submission.agent_version,
        rerun_of=submission.rerun_of,
        job=submission.job,
        goal=submission.goal,
        params=dict(submission.params),
        secrets=secrets.encrypt(submission.secrets) if submission.secrets else None,
        had_secrets=bool(submission.secrets),
        secret_names=sorted(submission.secrets),
        idempotency_key=idempotency.key if idempotency else None,
        idempotency_route=idempotency.route if idempotency else None,
        request_digest=submission.digest() if idempotency else None,
        budget_tokens=submission.budget_tokens,
        budget_usd=submission.budget_usd,
        timeout_seconds=submission.timeout_seconds,
        deadline=now + timedelta(seconds=submission.timeout_seconds),
        created_at=now,
        sent_at=now,
        current_state="Waiting for a worker",
    )
    told: dict[str, Any] = {"job": task.job, "goal": task.goal, "timeout_seconds": task.timeout_seconds}
    if submission.ignored:
        told["ignored"] = list(submission.ignored)
    if run_no:
        told["run"] = run_no
    if submission.rerun_of:
        told["rerun_of"] = str(submission.rerun_of.pk)
    append(task.pk, Kind.TASK_SUBMITTED, told)
    enrol(task)
    enqueue(task.pk)
    return task


def check_free(channel: Channel) -> None:
    """Hold the channel until commit, so that it gets one turn at a time. Raises Conflict while one is under way."""
    Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    if Task.objects.unfinished().filter(channel=channel).exists():
        raise Conflict(f"A turn is already in progress for user: {channel.name}")


def _keep_open(session: ClientSession) -> bool:
    """Hold the session's row until commit, so that it cannot close between this check and the first event.

    No task row is locked yet (the task is not inserted), so the lock order of append.py holds.
    """
    open_ = ClientSession.objects.filter(pk=session.pk, status=ClientSession.Status.OPEN)
    return open_.select_for_update(no_key=True).exists()


def _next_run(thread: Thread, *, queues: bool) -> int:
    """Take the thread's next number, with the thread's row locked until commit. Raises Conflict if it is occupied."""
    held = Thread.objects.select_for_update(no_key=True).get(pk=thread.pk)
    if not queues and (current := Task.objects.unfinished_in(thread.pk).only("pk", "status").first()):
        raise Conflict(f"It is {current.status} already, as task {current.pk}. Wait for its end, or cancel it.")
    held.last_run += 1
    held.save(update_fields=["last_run"])
    return held.last_run


def _submitted_before(caller: Caller, submission: Submission, idempotency: Idempotency) -> Task | None:
    asked = Task.objects.filter(
        owner=caller.user,
        group=caller.group,
        idempotency_route=idempotency.route,
        idempotency_key=idempotency.key,
    )
    task = asked.first()
    if task is None:
        return None
    if task.created_at < timezone.now() - timedelta(hours=IDEMPOTENCY_HOURS):
        asked.update(idempotency_key=None)
        return None
    if task.request_digest != submission.digest():
        raise Conflict("This Idempotency-Key was used for a different request. Use a new key for a new request.")
    return task
