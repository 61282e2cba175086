"""`manage.py create_token NAME`: a bearer token for the API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sessions.callers import Right
from sessions.models import ApiToken
from sessions.roles import open_group


class Command(BaseCommand):
    help = "Makes an API token for a user, who is created if needed, and prints it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the token is for, as it will be listed")
        parser.add_argument("--user", default="api", help="the user it acts for (default: api)")
        parser.add_argument("--group", default="", help="the group it sees and owns for (default: the user's name)")
        rights = [right.name.lower() for right in Right]
        parser.add_argument(
            "--may", nargs="+", choices=rights, default=rights, help="what a new group may do (default: all of it)"
        )
        parser.add_argument("--days", type=int, default=0, help="valid for so many days (default: no end)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] < 0:
            raise CommandError("--days must be 0 (no end) or more")
        user, _ = User.objects.get_or_create(username=options["user"])
        group = open_group(options["group"] or options["user"], [Right[name.upper()] for name in options["may"]])
        user.groups.add(group)
        expires_at = timezone.now() + timedelta(days=options["days"]) if options["days"] else None
        _, token = ApiToken.issue(name=options["name"], user_id=user.pk, group_id=group.pk, expires_at=expires_at)
        self.stdout.write(token)
