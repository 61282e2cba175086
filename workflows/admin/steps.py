"""Steps: what tasks have settled, and what it took."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from workflows.admin import showing
from workflows.admin.history import History, KindFilter
from workflows.models import Step, Task


class StepKindFilter(KindFilter):
    kinds = ("model", "node", "attempt", "review", "tool", "question")


@admin.register(Step)
class StepAdmin(History):
    list_display = ("key", "kind", "of_task", "prompt_tokens", "completion_tokens", "took", "cost", "created_at")
    list_filter = (StepKindFilter,)
    ordering = ("-id",)
    found_by = search_fields = ("task",)
    search_help_text = "The id of a task"
    fields = (
        "key", "kind", "of_task", "prompt_tokens", "completion_tokens", "took", "cost", "created_at", "shown_output",
    )  # fmt: skip
    readonly_fields = ("of_task", "took", "cost", "shown_output")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        return super().get_queryset(request).defer("output")

    @admin.display(description="task")
    def of_task(self, step: Step) -> str:
        return showing.link(Task, step.task_id)

    @admin.display(description="took")
    def took(self, step: Step) -> str:
        return f"{step.latency_ms / 1000:.3g} s"

    @admin.display(description="cost")
    def cost(self, step: Step) -> str:
        return showing.dollars(step.cost_usd)

    @admin.display(description="output")
    def shown_output(self, step: Step) -> str:
        return showing.pretty(step.output)
