"""Logging: one line an event, to standard error; `make run` also writes it to the data folder."""

import logging
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def _is_defect(record: logging.LogRecord) -> bool:
    return record.exc_info is not None


def logging_config(level: str) -> dict[str, Any]:
    """Django's LOGGING for one level (`DEBUG`, `INFO`, …). Raises ImproperlyConfigured for a name that is none."""
    if level not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"LOG_LEVEL {level!r} is no level; use DEBUG, INFO, WARNING or ERROR.")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "filters": {"defects": {"()": "django.utils.log.CallbackFilter", "callback": _is_defect}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Queries of streams may carry tickets, so requests are not logged with their addresses.
            "uvicorn.access": {"handlers": [], "propagate": False},
            # Not every 4xx and 502 that was answered as it should be; only what a view did not catch.
            "django.request": {"filters": ["defects"]},
            "daphne": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "openai": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
            "psycopg.pool": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }
