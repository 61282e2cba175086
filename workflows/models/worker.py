"""Worker processes and their leases."""

import uuid

from django.db import models
from django.utils import timezone

from workflows.models.fields import OrderedJSONField


class Worker(models.Model):
    """One worker process. While `lease_until` lies ahead, the tasks that point here are its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    hostname = models.CharField(max_length=255)
    pid = models.IntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(db_index=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    measures = OrderedJSONField(default=dict)
    """What the process has done so far, as of its last renewal (workflows/measures.py). Read by `/metrics`."""

    def __str__(self) -> str:
        return f"{self.hostname}:{self.pid}"
