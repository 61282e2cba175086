"""`manage.py demo_model`: serve the model that answers when no key is configured."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from evoserver.demo_model.server import add_arguments, serve


class Command(BaseCommand):
    help = "Serve the demo model, an OpenAI-compatible server with no model inside."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, host: str, port: int, pace: float, **options: Any) -> None:
        serve(host, port, pace)
