"""Tasks: the list, the page with its timeline, and what an operator may do to them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from sessions.callers import Caller, Right
from sessions.models import ClientSession
from workflows import services
from workflows.admin import showing
from workflows.admin.confirmation import Acting, Button, Done, confirmed
from workflows.admin.history import History
from workflows.admin.timeline import timeline
from workflows.models import Event, Question, Status, Step, Task, Worker, Workflow, WorkflowVersion
from workflows.models.task import TaskQuerySet

GOAL_CHARACTERS = 100
SHOWN_RERUNS = 20


@admin.register(Task)
class TaskAdmin(Acting, History):
    list_display = (
        "short_goal", "job", "status", "percent", "created_at", "took", "cost", "group", "owner", "of_session",
        "of_worker", "kept",
    )  # fmt: skip
    list_filter = ("status", "job", "created_at", "group")
    list_select_related = ("group", "owner", "worker")
    ordering = ("-created_at", "-id")
    found_by = ("pk", "session", "rerun_of", "worker", "thread")
    search_fields = ("goal",)
    search_help_text = "Words of the goal, or beginnings of words; or the id of a task, a session, a worker or a thread"
    change_form_template = "admin/workflows/task/change_form.html"
    actions = ("cancel", "pause", "resume", "rerun")
    fieldsets = (
        (None, {"fields": ("id", "job", "goal", "status", "percent", "current_state", "shown_error")}),
        (
            "Belongs to",
            {"fields": ("group", "owner", "of_session", "of_workflow", "run_no", "of_worker", "of_task", "reruns")},
        ),
        ("Took", {"fields": ("took", "model_calls", "unpriced_calls", "tokens", "cost")}),
        (
            "Times",
            {
                "fields": (
                    "created_at",
                    "started_at",
                    "pause_requested_at",
                    "paused_at",
                    "waiting_since",
                    "ended_at",
                    "timeout_seconds",
                    "deadline",
                )
            },
        ),
        ("Events", {"fields": ("rows", "compacted", "pruned")}),
        ("Result", {"fields": ("shown_result",), "classes": ("collapse",)}),
        ("Request", {"fields": ("shown_params", "had_secrets", "idempotency_route"), "classes": ("collapse",)}),
        ("Claims", {"fields": ("claims", "claim_token", "write_no", "sent_at", "sends"), "classes": ("collapse",)}),
    )
    readonly_fields = (
        "percent", "shown_error", "of_session", "of_workflow", "of_worker", "of_task", "reruns", "rows", "compacted",
        "pruned", "took", "tokens", "cost", "shown_result", "shown_params",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        tasks: QuerySet[Task] = super().get_queryset(request)
        return tasks.defer("secrets", "params", "result", "goal").annotate(beginning=Left("goal", GOAL_CHARACTERS))

    def find(self, queryset: QuerySet[Task], term: str) -> QuerySet[Task]:
        assert isinstance(queryset, TaskQuerySet)
        return queryset.with_words(term)

    def context_of(self, request: HttpRequest, row: Task) -> dict[str, Any]:
        return {**super().context_of(request, row), "timeline": timeline(row, request)}

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Right.CANCEL)

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Right.RUN)

    @confirmed(verb="Cancel", question="These tasks will be cancelled, for good.", permission="cancel")
    def cancel(self, request: HttpRequest, task: Task) -> Done:
        services.cancel(task, reason="cancelled by an administrator")
        return Done("Cancelled.")

    @confirmed(
        verb="Run again",
        question="A new task will be started for each of these, in the same group. It may call, and pay for, a model.",
        permission="rerun",
    )
    def rerun(self, request: HttpRequest, task: Task) -> Done:
        assert isinstance(request.user, User)
        again = services.rerun(Caller(user=request.user, group=task.group, via="login"), task)
        return Done(f"Runs again as task {again.pk}.", again)

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Right.RUN)

    @confirmed(
        verb="Pause",
        question="What is under way in these tasks ends first; nothing new begins. Paused time is not counted.",
        permission="pause",
    )
    def pause(self, request: HttpRequest, task: Task) -> Done:
        paused = services.pause(task, reason="paused by an administrator")
        return Done("Paused." if paused.status == Status.PAUSED else "Will pause after what is under way.")

    @confirmed(verb="Resume", question="These tasks will go on.", permission="pause")
    def resume(self, request: HttpRequest, task: Task) -> Done:
        services.resume(task)
        return Done("Goes on.")

    def describe(self, row: Any) -> str:
        return f"{row.status}: {self.short_goal(row)}"

    def buttons_of(self, request: HttpRequest, row: Task) -> list[Button]:
        if row.has_ended:
            return [Button("rerun", "Run again")] if self.has_rerun_permission(request) else []
        is_paused = row.status == Status.PAUSED or row.pause_requested_at
        halt = Button("resume", "Resume") if is_paused else Button("pause", "Pause")
        return [
            *([halt] if self.has_pause_permission(request) else []),
            *([Button("cancel", "Cancel")] if self.has_cancel_permission(request) else []),
        ]

    @admin.display(description="goal")
    def short_goal(self, task: Any) -> str:
        return f"{task.beginning}…" if len(task.beginning) == GOAL_CHARACTERS else str(task.beginning)

    @admin.display(description="progress")
    def percent(self, task: Task) -> str:
        return f"{task.progress} %"

    @admin.display(description="session")
    def of_session(self, task: Task) -> str:
        return showing.link(ClientSession, task.session_id)

    @admin.display(description="workflow")
    def of_workflow(self, task: Task) -> str:
        version = task.workflow_version
        if version is None:
            return showing.NOTHING
        return format_html(
            "{}, {}",
            showing.link(Workflow, version.workflow_id, version.workflow),
            showing.link(WorkflowVersion, version.pk, f"version {version.number}"),
        )

    @admin.display(description="worker")
    def of_worker(self, task: Task) -> str:
        return showing.link(Worker, task.worker_id, task.worker)

    @admin.display(description="rerun of")
    def of_task(self, task: Task) -> str:
        return showing.link(Task, task.rerun_of_id)

    @admin.display(description="run again as")
    def reruns(self, task: Task) -> str:
        return showing.links(task.reruns.order_by("created_at")[:SHOWN_RERUNS])

    @admin.display(description="rows")
    def rows(self, task: Task) -> str:
        return format_html(
            '<a href="{}">events</a>, <a href="{}">steps</a>, <a href="{}">questions</a>',
            showing.list_of(Event, task=task.pk),
            showing.list_of(Step, task=task.pk),
            showing.list_of(Question, task=task.pk),
        )

    @admin.display(description="events kept")
    def kept(self, task: Task) -> str:
        """What retention has left of them."""
        if task.pruned_seq:
            return f"after no. {task.pruned_seq}"
        return "text compacted" if task.compacted_at else "all"

    @admin.display(description="text compacted")
    def compacted(self, task: Task) -> str:
        if not task.compacted_at:
            return "No: each piece of a model's text is there as it came."
        when = f"{task.compacted_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{when}: the pieces of a model's text were joined, under the number of the last one."

    @admin.display(description="pruned")
    def pruned(self, task: Task) -> str:
        if not task.pruned_seq:
            return "No: every event is there."
        return f"Up to no. {task.pruned_seq}: these events were deleted. The closing one stays."

    @admin.display(description="tokens")
    def tokens(self, task: Task) -> str:
        return f"{task.prompt_tokens:,} + {task.completion_tokens:,}"

    @admin.display(description="cost")
    def cost(self, task: Task) -> str:
        return showing.dollars(task.cost_usd)

    @admin.display(description="took")
    def took(self, task: Task) -> str:
        """Waiting included; of a task that has not ended, so far."""
        return showing.duration((task.ended_at or timezone.now()) - task.created_at)

    @admin.display(description="error")
    def shown_error(self, task: Task) -> str:
        return showing.pretty(task.error)

    @admin.display(description="result")
    def shown_result(self, task: Task) -> str:
        return showing.pretty(task.result)

    @admin.display(description="parameters")
    def shown_params(self, task: Task) -> str:
        return showing.pretty(task.params)
