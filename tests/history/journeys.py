"""What is walked through, event by event: a generation, and the execution of a diamond whose calls are retried."""

from typing import Any

from sessions.callers import Caller
from tests.engine.graphs import graph_of
from tests.engine.scripted import sub_task
from tests.factories import make_task
from workflows import services
from workflows.models import Job, Task

TIMEOUT_SECONDS = 300
RETRIED = "demo-500"
"""Refuses each call once."""


def diamond(goal: str) -> dict[str, Any]:
    """Each node takes the goal first: by it the demo model tells whose call it counts."""
    return graph_of(
        sub_task("collect", ["goal"], ["points"]),
        sub_task("look_left", ["goal", "points"], ["left"]),
        sub_task("look_right", ["goal", "points"], ["right"]),
        sub_task("write", ["goal", "left", "right"], ["report"]),
        goal=goal,
    )


def generation(caller: Caller, which: str) -> Task:
    return make_task(caller, f"Sort the mail, then answer it ({which})", timeout_seconds=TIMEOUT_SECONDS)


def execution(caller: Caller, which: str) -> Task:
    graph = diamond(f"Report on the mail ({which})")
    return services.submit(
        caller,
        services.Submission(
            job=Job.EXECUTE,
            goal=graph["goal"],
            params={"llm_config": {"model": RETRIED}, "workflow_graph": graph, "inputs": {}},
            timeout_seconds=TIMEOUT_SECONDS,
        ),
    )


JOURNEYS = {"generation": generation, "execution": execution}
