"""What the figures were taken on."""

import os
import platform
from pathlib import Path
from typing import Any

import psutil
from django.db import connection

from benchmarks.cores import Cores


def describe(cores: Cores) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        [postgres] = cursor.fetchone()
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')")
        settings = dict(cursor.fetchall())
    return {
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "server_core": cores.server,
        "generator_core": cores.generator,
        "memory_gb": round(psutil.virtual_memory().total / 1024**3),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": {"version": postgres, **settings},
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
