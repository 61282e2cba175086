"""`manage.py check_worker`: is this machine's worker alive? For health checks; a worker serves no HTTP."""

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workflows.models import Worker


class Command(BaseCommand):
    help = "Succeeds if a worker of this host, or container, has a fresh lease."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        host = socket.gethostname()
        if not Worker.objects.filter(hostname=host, stopped_at=None, lease_until__gt=timezone.now()).exists():
            raise CommandError(f"No worker of {host} has a fresh lease.")
