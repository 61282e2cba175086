"""`manage.py prepare_local`: what a laptop's first start needs. `make run` calls it at every start."""

import os
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand

from sessions.authentication import LOCAL_NAME
from sessions.roles import EVERYTHING, give


class Command(BaseCommand):
    help = "Makes the local user, its group and the administrator (password: EVOSERVER_ADMIN_PASSWORD), where missing."

    def handle(self, *args: Any, **options: Any) -> None:
        group, _ = Group.objects.get_or_create(name=LOCAL_NAME)
        give(group, EVERYTHING)
        local, created = User.objects.get_or_create(username=LOCAL_NAME)
        if created:
            local.set_unusable_password()
            local.save(update_fields=["password"])
        local.groups.add(group)
        password = os.environ.get("EVOSERVER_ADMIN_PASSWORD")
        if password and not User.objects.filter(username="admin").exists():
            User.objects.create_superuser("admin", password=password).groups.add(group)
