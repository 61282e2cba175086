"""Executions of a diamond, with the whole server at work: how long one takes, and how many workers complete."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.asking import follow
from benchmarks.cores import Cores
from benchmarks.figures import Effort, Figure, Figures, Round
from benchmarks.product import wait_for_worker
from benchmarks.server_side import QUIET, WORKER, model_on, program, wait_for_port, web
from evoserver.local.ports import free_port
from workflows.engine.graphs.graph import build
from workflows.engine.graphs.templates import completed
from workflows.engine.shapes import Agent, Parameter, Plan, SubTask

MIDDLES = 4
CALL_SECONDS = 2.0
PATH_SECONDS = 3 * CALL_SECONDS
PATH = "/stream/workflow/execute"
TASKS_PER_SECOND = 8
"""Executions for each second of a window, all submitted at once: more than a worker completes in it."""

TOOK = Figure("a diamond of 6 nodes, 2 s a call: POST → results", "s")
RATIO = Figure("the same to its longest path, 6 s", "×", at_most=1.15)
ONE_WORKER = Figure("diamonds completed by one worker on the server's core", "tasks/s")
TWO_WORKERS = Figure("diamonds completed by two, the other on the generator's core", "tasks/s")


@contextmanager
def diamond(effort: Effort, cores: Cores) -> Iterator[Round]:
    """The demo model has the load generator's core, and so has the second worker: there are only two."""
    model_port = free_port()
    variables = {**QUIET, "DEMO_MODEL_URL": f"http://127.0.0.1:{model_port}/v1"}
    with ExitStack() as cleanup:
        cleanup.enter_context(program(cores.generator, *model_on(model_port)))
        first = cleanup.enter_context(program(cores.server, *WORKER, variables=variables))
        _, port = cleanup.enter_context(web(cores.server, DEMO_MODEL_URL=variables["DEMO_MODEL_URL"]))
        wait_for_port(model_port)
        wait_for_worker(first)
        tasks = max(2, int(TASKS_PER_SECOND * effort.seconds))
        asyncio.run(_execute(port, 2, "demo"))  # the first ones pay for imports and connections

        def measure() -> Figures:
            took = asyncio.run(_execute(port, 1, f"demo-slow-{CALL_SECONDS:g}s"))
            one = tasks / asyncio.run(_execute(port, tasks, "demo"))
            with program(cores.generator, *WORKER, variables=variables) as second:
                wait_for_worker(second)
                two = tasks / asyncio.run(_execute(port, tasks, "demo"))
            return {TOOK: took, RATIO: took / PATH_SECONDS, ONE_WORKER: one, TWO_WORKERS: two}

        yield measure


async def _execute(port: int, count: int, model: str) -> float:
    """Seconds until so many diamonds, submitted at once, have their results."""
    body = json.dumps({"workflow_graph": _graph(), "llm_config": {"model": model}}).encode()
    started = time.monotonic()
    await asyncio.gather(*(follow(port, PATH, body) for _ in range(count)))
    return time.monotonic() - started


def _graph() -> dict[str, object]:
    """One node, four that take its output side by side, and one that takes theirs."""
    views = [f"view_{number}" for number in range(MIDDLES)]
    sub_tasks = (
        _sub_task("collect", ("goal",), "points"),
        *(_sub_task(f"look_{number}", ("points",), view) for number, view in enumerate(views)),
        _sub_task("write", tuple(views), "report"),
    )
    agents = {sub_task.name: [_agent(sub_task)] for sub_task in sub_tasks}
    return build("Report on the weather", Plan(sub_tasks=sub_tasks), agents)


def _sub_task(name: str, inputs: tuple[str, ...], output: str) -> SubTask:
    return SubTask(name=name, description=f"Do {name}.", inputs=tuple(map(_text, inputs)), outputs=(_text(output),))


def _agent(sub_task: SubTask) -> Agent:
    names = [parameter.name for parameter in sub_task.inputs], [parameter.name for parameter in sub_task.outputs]
    return Agent(
        name=f"{sub_task.name}_agent",
        description=sub_task.description,
        inputs=sub_task.inputs,
        outputs=sub_task.outputs,
        prompt=completed(f"### Objective\nDo {sub_task.name}.", *names),
    )


def _text(name: str) -> Parameter:
    return Parameter(name=name, type="string", description=f"The {name}.", required=True)
