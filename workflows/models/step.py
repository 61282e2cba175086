"""The ledger: what a task has already done."""

from django.db import models
from django.utils import timezone

from workflows.models.fields import OrderedJSONField
from workflows.models.task import Task


class Step(models.Model):
    """One settled step of a task, under the key that the engine would give it again. Never changed, never re-run."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="steps", db_index=False)
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    output = OrderedJSONField()
    prompt_tokens = models.BigIntegerField(default=0)
    completion_tokens = models.BigIntegerField(default=0)
    latency_ms = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "key"], name="step_key_once_per_task")]
        indexes = [models.Index(fields=["kind", "-id"], name="step_by_kind")]

    def __str__(self) -> str:
        return self.key
