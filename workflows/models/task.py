"""Tasks, and the one table of how their status may change."""

import re
import uuid
from datetime import datetime
from typing import Final, NamedTuple, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models.functions import Left
from django.utils import timezone

from sessions.callers import Caller
from sessions.models import ClientSession
from workflows.events import Kind
from workflows.models.agent import AgentVersion
from workflows.models.channel import Channel
from workflows.models.fields import OrderedJSONField
from workflows.models.stream import StreamKey
from workflows.models.thread import Thread
from workflows.models.worker import Worker
from workflows.models.workflow import WorkflowVersion


class Job(models.TextChoices):
    """What a task does."""

    GENERATE = "workflow_generation"
    EXECUTE = "workflow_execution"
    RUN = "workflow_run"
    """Generate, then execute."""
    AGENT = "agent_turn"
    """An agent's turn in a conversation."""
    ASK = "team_ask"
    """A question to a team."""
    COMMAND = "command_turn"
    """A turn of a channel's conversation: commands are called, by an agent, an assistant or directly."""
    SUMMARY = "conversation_summary"
    """A topic and a summary for a conversation that was left."""


class Status(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """For answers of people, without a worker."""
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED: Final = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
UNFINISHED: Final = frozenset(Status) - ENDED
TIMED: Final = frozenset({Status.QUEUED, Status.RUNNING})
"""Whose time runs: it does not while a task is paused, nor while people are asked."""


GOAL_WORDS: Final = SearchVector(Left("goal", 10_000), config="simple")
"""The words of a goal, for finding tasks by them; of a very long one, those of its beginning."""


MODEL_KEY: Final = "openai_key"
"""Among a task's secrets, the key of the caller's own for the model."""


class Transition(NamedTuple):
    sources: frozenset[Status]
    target: Status


TRANSITIONS: Final = {
    Kind.TASK_STARTED: Transition(frozenset({Status.QUEUED}), Status.RUNNING),
    Kind.TASK_REQUEUED: Transition(frozenset({Status.RUNNING, Status.WAITING}), Status.QUEUED),
    Kind.TASK_WAITING: Transition(frozenset({Status.RUNNING}), Status.WAITING),
    Kind.TASK_PAUSED: Transition(frozenset({Status.QUEUED, Status.RUNNING, Status.WAITING}), Status.PAUSED),
    Kind.TASK_RESUMED: Transition(frozenset({Status.PAUSED}), Status.QUEUED),
    Kind.TASK_COMPLETED: Transition(frozenset({Status.RUNNING}), Status.COMPLETED),
    Kind.TASK_FAILED: Transition(UNFINISHED, Status.FAILED),
    Kind.TASK_CANCELLED: Transition(UNFINISHED, Status.CANCELLED),
}
"""The events that change a task's status: from where, to where. Every other event leaves it."""


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, caller: Caller) -> Self:
        return self.filter(group_id=caller.group_id)

    def unfinished(self) -> Self:
        return self.filter(status__in=sorted(UNFINISHED))

    def overdue(self, moment: datetime) -> Self:
        """Whose time was over at that moment."""
        return self.filter(status__in=sorted(TIMED), deadline__lt=moment)

    def unfinished_in(self, thread_id: uuid.UUID) -> Self:
        """What has not ended in a thread, in its order."""
        return self.filter(thread=thread_id, ended_at=None).order_by("run_no")

    def with_words(self, text: str) -> Self:
        """Tasks in whose goal each word of the text stands, or begins one. None for a text without words."""
        words = " & ".join(f"{word}:*" for word in re.findall(r"\w+", text))
        if not words:
            return self.none()
        query = SearchQuery(words, config="simple", search_type="raw")
        return self.alias(words=GOAL_WORDS).filter(words=query)


class Task(models.Model):
    """One run of one job. Ends once; running again is a new task."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(ClientSession, null=True, on_delete=models.SET_NULL, related_name="tasks")
    thread = models.ForeignKey(Thread, null=True, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    run_no = models.IntegerField(null=True)
    """Its number in its thread."""
    channel = models.ForeignKey(Channel, null=True, on_delete=models.PROTECT, related_name="turns", db_index=False)
    """Whose turn it is. A channel has one at a time, whatever the conversation."""
    workflow_version = models.ForeignKey(WorkflowVersion, null=True, on_delete=models.SET_NULL, related_name="tasks")
    agent_version = models.ForeignKey(AgentVersion, null=True, on_delete=models.SET_NULL, related_name="tasks")
    rerun_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="reruns")
    job = models.CharField(max_length=40, choices=Job.choices)
    goal = models.TextField()
    params = OrderedJSONField(default=dict)
    secrets = models.BinaryField(null=True)
    """Encrypted; wiped when the task ends. `had_secrets` remembers that a rerun needs them again."""
    had_secrets = models.BooleanField(default=False)
    secret_names = ArrayField(models.CharField(max_length=50), null=True)
    """Which they were; None of tasks from before that was noted, which had only a model key."""

    status = models.CharField(max_length=20, choices=Status.choices, default=Status.QUEUED)
    progress = models.SmallIntegerField(default=0)
    current_state = models.CharField(max_length=500, default="")
    result = OrderedJSONField(null=True)
    error = OrderedJSONField(null=True)
    """`{"type", "message", "status"}`: the error tree's name for it, a sentence, the HTTP status it stands for."""
    last_seq = models.BigIntegerField(default=0)
    pruned_seq = models.BigIntegerField(default=0)
    """Events up to here may be gone, but for the closing one; 0 while none are."""
    compacted_at = models.DateTimeField(null=True)

    model_calls = models.IntegerField(default=0)
    unpriced_calls = models.IntegerField(default=0)
    prompt_tokens = models.BigIntegerField(default=0)
    completion_tokens = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)

    budget_tokens = models.BigIntegerField(null=True)
    budget_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    """What the task may take at most; None: as much as it needs."""

    worker = models.ForeignKey(Worker, null=True, on_delete=models.SET_NULL, related_name="tasks")
    claims = models.SmallIntegerField(default=0)
    claim_token = models.IntegerField(default=0)
    """Counts claims and their ends, so that a token is good for one claim only."""
    write_no = models.BigIntegerField(default=0)
    """The number of the claim's last write; a write that arrives again changes nothing. Text counts for itself."""
    text_no = models.BigIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    sends = models.SmallIntegerField(default=0)

    idempotency_key = models.CharField(max_length=255, null=True)
    idempotency_route = models.CharField(max_length=200, null=True)
    request_digest = models.CharField(max_length=64, null=True)

    pause_requested_at = models.DateTimeField(null=True)
    """Somebody wants a running task to pause; its worker does so at the next boundary of steps."""
    paused_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)
    """Since when only answers take it further. That time, and a pause's, does not count against the timeout."""
    timeout_seconds = models.FloatField()
    deadline = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        permissions = [("run_task", "Can start tasks"), ("cancel_task", "Can cancel tasks")]
        constraints = [
            models.CheckConstraint(name="task_status_known", condition=models.Q(status__in=sorted(Status))),
            models.CheckConstraint(
                name="task_progress_is_a_percentage", condition=models.Q(progress__gte=0, progress__lte=100)
            ),
            models.CheckConstraint(
                name="task_claimed_while_running",
                condition=models.Q(status=Status.RUNNING) | models.Q(worker=None),
            ),
            models.CheckConstraint(
                name="task_ended_at_and_wiped_when_ended",
                condition=models.Q(status__in=sorted(ENDED), ended_at__isnull=False, secrets=None)
                | models.Q(status__in=sorted(UNFINISHED), ended_at=None),
            ),
            models.CheckConstraint(
                name="task_paused_at_while_paused",
                condition=models.Q(status="paused", paused_at__isnull=False)
                | ~models.Q(status="paused") & models.Q(paused_at=None),
            ),
            models.CheckConstraint(
                name="task_waiting_since_while_waiting",
                condition=models.Q(status="waiting", waiting_since__isnull=False)
                | ~models.Q(status="waiting") & models.Q(waiting_since=None),
            ),
            models.CheckConstraint(
                name="task_numbered_in_its_thread",
                condition=models.Q(thread=None, run_no=None) | models.Q(thread__isnull=False, run_no__gt=0),
            ),
            models.UniqueConstraint(
                fields=["thread", "run_no"],
                name="task_run_once_per_thread",
                condition=models.Q(thread__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["thread"],
                name="task_one_at_a_time_in_a_thread",
                condition=models.Q(thread__isnull=False, status="running"),
            ),
            models.UniqueConstraint(
                fields=["channel"],
                name="task_one_unfinished_per_channel",
                condition=models.Q(channel__isnull=False, ended_at=None),
            ),
            models.UniqueConstraint(
                fields=["owner", "group", "idempotency_route", "idempotency_key"],
                name="task_once_per_idempotency_key",
                condition=models.Q(idempotency_key__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["ended_at"], name="task_uncompacted", condition=models.Q(compacted_at=None)),
            models.Index(fields=["ended_at"], name="task_unpruned", condition=models.Q(pruned_seq=0)),
            models.Index(fields=["group", "-created_at", "-id"], name="task_by_group"),
            models.Index(fields=["status", "-created_at", "-id"], name="task_by_status"),
            models.Index(fields=["-created_at", "-id"], name="task_by_age"),
            GinIndex(GOAL_WORDS, name="task_by_words"),
            models.Index(
                fields=["thread", "run_no"],
                name="task_unfinished_in_a_thread",
                condition=models.Q(thread__isnull=False, ended_at=None),
            ),
            models.Index(
                fields=["created_at"],
                name="task_unfinished",
                condition=models.Q(status__in=sorted(UNFINISHED)),
            ),
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"

    @property
    def stream(self) -> StreamKey:
        return StreamKey("task", self.pk)

    @property
    def had_model_key(self) -> bool:
        return self.had_secrets if self.secret_names is None else MODEL_KEY in self.secret_names

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def is_timed(self) -> bool:
        return self.status in TIMED
