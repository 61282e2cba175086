"""`manage.py load_sample_sales`: the sample sales database, for a server that is not started by `make run`."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from evoserver.business.address import sample_url
from evoserver.business.loading import load_sample


class Command(BaseCommand):
    help = "Makes the sample sales database beside the server's own, and says how to have teams query it."

    def handle(self, *args: Any, **options: Any) -> None:
        own = connection.settings_dict
        try:
            load_sample(own, settings.SECRET_KEY)
        except psycopg.Error as error:
            raise CommandError(
                f"The database refuses it ({error.diag.message_primary or 'it does not answer'}). Its user has to be "
                "one that may make databases and roles."
            ) from None
        self.stdout.write(f"BUSINESS_DATABASE_URL={sample_url(own, settings.SECRET_KEY)}")
