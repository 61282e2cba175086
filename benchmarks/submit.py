"""From a POST to the first event on the new task's stream, with the whole server at work."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.asking import Times, follow
from benchmarks.cores import Cores
from benchmarks.figures import Effort, Figure, Figures, Round, percentile
from benchmarks.product import wait_for_worker
from benchmarks.server_side import QUIET, WORKER, model_on, program, wait_for_port, web
from evoserver.local.ports import free_port

RATE = 50
GOAL = json.dumps({"goal": "Summarize a report", "llm_config": {"model": "demo"}}).encode()
WARM_SECONDS = 0.4
LONGEST_SECONDS = 2.0
"""More come than one core completes, and a round lasts until the last one has."""

P50 = Figure("50 tasks/s: POST → first event, p50", "ms")
P99 = Figure("50 tasks/s: POST → first event, p99", "ms")
COMPLETED_P50 = Figure("50 tasks/s: POST → workflow, p50", "ms")
COMPLETED_RATE = Figure("50 tasks/s: workflows completed, until the last one", "tasks/s")


@contextmanager
def submit(effort: Effort, cores: Cores) -> Iterator[Round]:
    """The demo model stands for a provider far away, so it has the load generator's core."""
    model_port = free_port()
    url = f"http://127.0.0.1:{model_port}/v1"
    with (
        program(cores.generator, *model_on(model_port)),
        program(cores.server, *WORKER, variables={**QUIET, "DEMO_MODEL_URL": url}) as worker_pid,
        web(cores.server, DEMO_MODEL_URL=url) as (_, port),
    ):
        wait_for_port(model_port)
        wait_for_worker(worker_pid)

        def measure() -> Figures:
            started = time.monotonic()
            times = asyncio.run(_submit_for(port, min(effort.seconds, LONGEST_SECONDS)))
            took = time.monotonic() - started
            return {
                P50: percentile([first * 1000 for first, _ in times], 0.5),
                P99: percentile([first * 1000 for first, _ in times], 0.99),
                COMPLETED_P50: percentile([end * 1000 for _, end in times], 0.5),
                COMPLETED_RATE: len(times) / took,
            }

        asyncio.run(_submit_for(port, WARM_SECONDS))  # the first requests pay for imports and connections
        yield measure


async def _submit_for(port: int, seconds: float) -> list[Times]:
    """A task every so often, whatever became of those before."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    async with asyncio.TaskGroup() as group:
        tasks = []
        for number in range(int(RATE * seconds)):
            await asyncio.sleep(start + number / RATE - loop.time())
            tasks.append(group.create_task(follow(port, "/stream/workflow/generate", GOAL)))
    return [task.result() for task in tasks]
