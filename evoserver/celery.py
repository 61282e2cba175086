"""The Celery application. `make run` starts it with `-P threads -c 100`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evoserver.settings")

app = Celery("evoserver")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks(["workflows"])


def keep_logging(**_: Any) -> None:
    """Django's LOGGING stands: where somebody listens to this signal, Celery sets up nothing itself."""


setup_logging.connect(keep_logging)
