"""Logging: one line an event, to standard error; `make run` also writes it to the data folder.

Each line carries the ids of the request, task, session and caller that it belongs to (sessions/trace.py).
"""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from sessions import trace

FORMATTERS = {
    "console": {"format": "%(asctime)s - %(name)s - %(levelname)s - %(message)s%(trace)s"},
    "json": {"()": "evoserver.logs.JsonFormatter"},
}
STREAM_EVENTS = "stream_events"
"""The logger of the AutoGen dialect's streams. Its format is that API's, for who looks for `STREAM`."""
STREAM_FORMAT = {"format": "%(asctime)s - STREAM - %(levelname)s - %(message)s"}


class Trace(logging.Filter):
    """Writes on each record what it belongs to: `ids`, and `trace`, the same as it stands at the end of a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        ids = trace.current()
        record.__dict__.update(ids=ids, trace="".join(f" {name}={id}" for name, id in ids.items()))
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (ISO 8601, UTC), level, logger, message, the ids, and the traceback of an error."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "ids", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _is_defect(record: logging.LogRecord) -> bool:
    return record.exc_info is not None


def read_levels(named: Sequence[str]) -> dict[str, str]:
    """Levels by logger, of `logger=LEVEL` each. Raises ImproperlyConfigured."""
    levels = {}
    for text in named:
        name, sign, level = (part.strip() for part in text.partition("="))
        if not name or not sign or level.upper() not in logging.getLevelNamesMapping():
            raise ImproperlyConfigured(f"LOG_LEVELS has {text!r}, and not a logger and its level: stream_events=DEBUG.")
        levels[name] = level.upper()
    return levels


def logging_config(level: str, format: str = "console", levels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Django's LOGGING for one level (`DEBUG`, `INFO`, …) and format (`console`, `json`). `levels`: of single loggers.

    Raises ImproperlyConfigured for a name that is none.
    """
    if level not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"LOG_LEVEL {level!r} is no level; use DEBUG, INFO, WARNING or ERROR.")
    if format not in FORMATTERS:
        raise ImproperlyConfigured(f"LOG_FORMAT {format!r} is no format; use console or json.")
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": FORMATTERS[format],
            "stream": STREAM_FORMAT if format == "console" else FORMATTERS[format],
        },
        "filters": {
            "defects": {"()": "django.utils.log.CallbackFilter", "callback": _is_defect},
            "trace": {"()": "evoserver.logs.Trace"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["trace"]},
            "stream": {"class": "logging.StreamHandler", "formatter": "stream", "filters": ["trace"]},
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Queries of streams may carry tickets, so requests are not logged with their addresses.
            "uvicorn.access": {"handlers": [], "propagate": False},
            "uvicorn.websocket": {"level": "WARNING"},
            "django.channels.server": {"handlers": [], "propagate": False},
            # Not every 4xx and 502 that was answered as it should be; only what a view did not catch.
            "django.request": {"filters": ["defects"]},
            "daphne": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "openai": {"level": "WARNING"},
            # It logs what servers send, as errors with a traceback; what is wrong with one is told by workflows.mcp.
            "mcp": {"level": "CRITICAL"},
            "asyncio": {"level": "WARNING"},
            "psycopg.pool": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            STREAM_EVENTS: {"handlers": ["stream"], "propagate": False},
        },
    }
    for name, own in (levels or {}).items():
        config["loggers"][name] = {**config["loggers"].get(name, {}), "level": own}
    return config
