"""What may be spent, what was, and what is about to be."""

from django.contrib.auth.models import Group
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from workflows.models.task import Task


class Budget(models.Model):
    """What a group may spend in a day (of UTC). A limit that is not set is none."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="+")
    tokens_per_day = models.BigIntegerField(null=True, blank=True, validators=[MinValueValidator(0)])
    usd_per_day = models.DecimalField(
        "US dollars per day",
        max_digits=14,
        decimal_places=8,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )

    def __str__(self) -> str:
        return f"budget of {self.group}"


class Spending(models.Model):
    """What a group has spent on a day. Kept from the day's first reservation on; what was before is counted then."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    tokens = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "day"], name="spending_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.tokens} tokens"


class Reservation(models.Model):
    """The most that a model call which is under way can take, under the key of its step. Gone when the step is settled
    or the task ends; a call that is made again after a crash reserves the same again, not more."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="reservations", db_index=False)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    tokens = models.BigIntegerField()
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "key"], name="reservation_once_per_step")]

    def __str__(self) -> str:
        return self.key
