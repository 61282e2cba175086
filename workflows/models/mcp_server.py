"""MCP servers, as administrators register them, with the tools that they last said they have."""

from typing import Self

from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from workflows.mcp.names import MAX_SERVER_NAME, SERVER_NAME
from workflows.models.fields import OrderedJSONField


class McpServerQuerySet(models.QuerySet["McpServer"]):
    def for_group(self, group_id: int | None) -> Self:
        """The active ones whose tools this group's agents may use."""
        return self.filter(models.Q(group=None) | models.Q(group=group_id), is_active=True)


class McpServer(models.Model):
    """A server by its command, which runs beside the workers, or by its URL."""

    class Transport(models.TextChoices):
        STDIO = "stdio", "a command"
        HTTP = "http", "a URL"

    name = models.CharField(
        max_length=MAX_SERVER_NAME,
        unique=True,
        validators=[
            RegexValidator(
                rf"^(?:{SERVER_NAME.pattern})\Z", "Letters, digits, - and single _; its tools begin with it."
            )
        ],
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    """Whose agents may use it; null: every group's."""
    transport = models.CharField(max_length=10, choices=Transport.choices)
    command = models.CharField(max_length=500, blank=True, default="")
    args = OrderedJSONField(default=list, blank=True)
    url = models.CharField(max_length=1000, blank=True, default="")
    env = models.BinaryField(null=True, editable=False)
    headers = models.BinaryField(null=True, editable=False)
    """Both encrypted."""
    timeout_s = models.FloatField(default=30.0, validators=[MinValueValidator(0.1), MaxValueValidator(3_000)])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    revision = models.IntegerField(default=1)
    """Counts how often it was edited: what was found out about an earlier one says nothing about this one."""

    tools = OrderedJSONField(default=list)
    """As it last listed them: `ListedTool`s."""
    left_out = OrderedJSONField(default=list)
    """Sentences: what of its list cannot be used, and why."""
    listed_at = models.DateTimeField(null=True, blank=True)
    check_due_at = models.DateTimeField(default=timezone.now, db_index=True)
    """When a worker looks at it next."""
    failing_since = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=1000, blank=True, default="")

    objects = McpServerQuerySet.as_manager()

    class Meta:
        verbose_name = "MCP server"
        constraints = [
            models.CheckConstraint(
                condition=(models.Q(transport="stdio", url="") & ~models.Q(command=""))
                | (models.Q(transport="http", command="") & ~models.Q(url="")),
                name="mcp_server_has_command_or_url",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def health(self) -> str:
        """`unknown`, `ok` or `failing`."""
        if self.failing_since:
            return "failing"
        return "ok" if self.listed_at else "unknown"
