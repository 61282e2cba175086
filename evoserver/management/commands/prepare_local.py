"""`manage.py prepare_local`: what a laptop's first start needs. `make run` calls it at every start."""

import os
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand
from django.db import connection

from evoserver.business.address import sample_url
from evoserver.business.loading import load_sample
from sessions.authentication import LOCAL_NAME
from sessions.roles import EVERYTHING, give

ADMIN = "admin"


class Command(BaseCommand):
    help = (
        "Makes the local user, its group, the administrator and the sample sales database, where missing. The "
        "administrator's password is EVOSERVER_ADMIN_PASSWORD, also of one who is there; or, of a new one only, "
        "EVOSERVER_ADMIN_FIRST_PASSWORD."
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
        self._load_sample()

    def _load_sample(self) -> None:
        own = connection.settings_dict
        if settings.BUSINESS_DATABASE_URL not in ("", sample_url(own, settings.SECRET_KEY)):
            return
        try:
            load_sample(own, settings.SECRET_KEY)
        except psycopg.Error as error:
            # A start is not to fail for want of a sample.
            self.stderr.write(
                "The sample sales database cannot be made here "
                f"({error.diag.message_primary or 'the database does not answer'}). "
                "BUSINESS_DATABASE_URL names one of your own."
            )
