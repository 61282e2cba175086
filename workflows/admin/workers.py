"""Workers: their leases and what they are at."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from workflows.admin import showing
from workflows.admin.history import History
from workflows.models import Task, Worker

SHOWN_TASKS = 100


class LeaseFilter(admin.SimpleListFilter):
    title = "lease"
    parameter_name = "lease"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("fresh", "Fresh"), ("over", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Worker]) -> QuerySet[Worker]:
        match self.value():
            case "fresh":
                return queryset.filter(lease_until__gt=timezone.now())
            case "over":
                return queryset.filter(lease_until__lte=timezone.now())
        return queryset


@admin.register(Worker)
class WorkerAdmin(History):
    list_display = ("process", "has_lease", "running", "lease_until", "started_at", "stopped_at")
    list_filter = (LeaseFilter,)
    ordering = ("-lease_until",)
    found_by = search_fields = ("pk",)
    search_help_text = "The id of a worker"
    fields = (
        "id", "hostname", "pid", "has_lease", "lease_until", "started_at", "stopped_at", "current_tasks",
        "shown_measures",
    )  # fmt: skip
    readonly_fields = ("has_lease", "current_tasks", "shown_measures")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        # Beside each row that is shown; as a join it would count for every worker there ever was.
        mine = Task.objects.filter(worker=OuterRef("pk")).order_by().values("worker").annotate(number=Count("pk"))
        running = Coalesce(Subquery(mine.values("number"), output_field=IntegerField()), 0)
        workers: QuerySet[Worker] = super().get_queryset(request)
        return workers.annotate(running=running)

    @admin.display(description="worker")
    def process(self, worker: Worker) -> str:
        return str(worker)

    @admin.display(boolean=True, description="lease is fresh")
    def has_lease(self, worker: Worker) -> bool:
        return worker.lease_until > timezone.now()

    @admin.display(description="running tasks")
    def running(self, worker: Any) -> int:
        return int(worker.running)

    @admin.display(description="current tasks")
    def current_tasks(self, worker: Worker) -> str:
        return showing.links(worker.tasks.order_by("started_at")[:SHOWN_TASKS])

    @admin.display(description="measures")
    def shown_measures(self, worker: Worker) -> str:
        return showing.pretty(worker.measures)
