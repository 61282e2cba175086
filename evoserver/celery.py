"""The Celery application. `make run` starts it with `-P threads -c 100`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evoserver.settings")

app = Celery("evoserver")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks(["workflows"])
