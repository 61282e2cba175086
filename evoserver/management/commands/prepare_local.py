"""`manage.py prepare_local`: what a laptop's first start needs. `make run` calls it at every start."""

import os
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand

from sessions.authentication import LOCAL_NAME
from sessions.roles import EVERYTHING, give

ADMIN = "admin"


class Command(BaseCommand):
    help = (
        "Makes the local user, its group and the administrator, where missing. The administrator's password is "
        "EVOSERVER_ADMIN_PASSWORD, also of one who is there; or, of a new one only, EVOSERVER_ADMIN_FIRST_PASSWORD."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        group, _ = Group.objects.get_or_create(name=LOCAL_NAME)
        give(group, EVERYTHING)
        local, created = User.objects.get_or_create(username=LOCAL_NAME)
        if created:
            local.set_unusable_password()
            local.save(update_fields=["password"])
        local.groups.add(group)
        given = os.environ.get("EVOSERVER_ADMIN_PASSWORD", "")
        admin = User.objects.filter(username=ADMIN).first()
        if admin is None:
            if first := given or os.environ.get("EVOSERVER_ADMIN_FIRST_PASSWORD", ""):
                User.objects.create_superuser(ADMIN, password=first).groups.add(group)
        # Setting the same password again would end its logins.
        elif given and not admin.check_password(given):
            admin.set_password(given)
            admin.save(update_fields=["password"])
