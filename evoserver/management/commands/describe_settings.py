"""`manage.py describe_settings`: the tables of settings in docs/operations.md, made of what settings.py declares."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evoserver.declared import tables

BEGIN = "<!-- What follows is written by `manage.py describe_settings --write`. -->"
END = "<!-- So far. -->"


class Command(BaseCommand):
    help = "Prints all settings as Markdown tables; --write puts them into docs/operations.md."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help="write them into docs/operations.md instead")

    def handle(self, *args: Any, write: bool, **options: Any) -> None:
        described = tables(settings.DECLARED)
        if write:
            page = settings.BASE_DIR / "docs" / "operations.md"
            page.write_text(with_tables(page, described), "utf-8")
        else:
            self.stdout.write(described)


def with_tables(page: Path, described: str) -> str:
    """The page's text with these tables between its two marks. Raises CommandError if it has no marks."""
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise CommandError(f"{page} lacks the lines that say where the tables go: {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{described}\n\n{END}{after}"
