"""From the command line's options to the report. Imported once Django is set up on the run's own engines."""

import argparse
import asyncio
import json
import logging
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connections

from evoserver.celery import app
from tests.engines import Engines
from tests.history.judge import judge
from tests.history.recorder import Plan, Recorder
from tests.history.report import report
from tests.history.world import World


def run(engines: Engines, options: argparse.Namespace) -> int:
    """Record, judge, report. Returns the exit code."""
    logging.getLogger("tests.history").setLevel(logging.INFO)
    # What the checker's own writers submit is theirs: no worker is told of it.
    app.conf.broker_url = "memory://"
    durations: dict[str, float] = {}
    plan = Plan(options.seed, options.seconds, options.writers, options.readers, options.clients, walk=options.walk)
    folder = engines.folder / "server"
    folder.mkdir()
    with _timed(durations, "migrations"):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("prepare_local")
    try:
        with _timed(durations, "start"):
            world = World(engines, folder).__enter__()
        try:
            recorder = Recorder(world, plan)
            with _timed(durations, "run"):
                asyncio.run(recorder.record())
        finally:
            with _timed(durations, "stop"):
                world.__exit__(None, None, None)
    finally:
        connections["default"].close_pool()
        if options.keep_logs:
            ignored = shutil.ignore_patterns("postgres", "redis")
            shutil.copytree(folder.parent, options.keep_logs, ignore=ignored, dirs_exist_ok=True)
    history = recorder.history
    history.left_behind = [*history.left_behind, *world.left_behind]
    with _timed(durations, "judging"):
        verdicts = judge(history)
    faults = [str(fault) for fault in recorder.faults]
    said = report(history, verdicts, seed=plan.seed, durations=durations, faults=faults)
    said["killed_at_events"] = recorder.boundaries
    json.dump(said, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0 if said["holds"] else 1


@contextmanager
def _timed(durations: dict[str, float], name: str) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        durations[name] = time.monotonic() - began
