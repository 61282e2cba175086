"""From a POST to the first event on the new task's stream, with the whole server at work."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.cores import Cores
from benchmarks.figures import Effort, Figure, Figures, Round, percentile
from benchmarks.product import wait_for_worker
from benchmarks.server_side import QUIET, program, wait_for_port, web
from evoserver.local.ports import free_port

RATE = 50
GOAL = json.dumps({"goal": "Summarize a report", "llm_config": {"model": "demo"}}).encode()
ALONE = ("--without-gossip", "--without-mingle", "--without-heartbeat")
ANSWER_SECONDS = 60.0
WARM_SECONDS = 0.4
LONGEST_SECONDS = 2.0
"""More come than one core completes, and a round lasts until the last one has."""

P50 = Figure("50 tasks/s: POST → first event, p50", "ms")
P99 = Figure("50 tasks/s: POST → first event, p99", "ms")
COMPLETED_P50 = Figure("50 tasks/s: POST → workflow, p50", "ms")
COMPLETED_RATE = Figure("50 tasks/s: workflows completed, until the last one", "tasks/s")

Times = tuple[float, float]
"""Seconds from the POST to the first event, and to the end of the stream."""


@contextmanager
def submit(effort: Effort, cores: Cores) -> Iterator[Round]:
    """The demo model stands for a provider far away, so it has the load generator's core."""
    model_port = free_port()
    url = f"http://127.0.0.1:{model_port}/v1"
    model = ("-m", "evoserver.demo_model", "--port", str(model_port), "--pace", "0")
    worker = ("-m", "celery", "--quiet", "-A", "evoserver.celery", "worker", "-P", "threads", "-c", "100", *ALONE)
    with (
        program(cores.generator, *model),
        program(cores.server, *worker, variables={**QUIET, "DEMO_MODEL_URL": url}) as worker_pid,
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
            tasks.append(group.create_task(_follow(port)))
    return [task.result() for task in tasks]


async def _follow(port: int) -> Times:
    clock = asyncio.get_running_loop().time
    started = clock()
    async with asyncio.timeout(ANSWER_SECONDS):
        answer = await _post(port, "/stream/workflow/generate", GOAL)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_head("GET", json.loads(answer)["stream_url"]))
        await reader.readuntil(b"\nevent: ")
        first = clock() - started
        await reader.readuntil(b"\nevent: complete")
        end = clock() - started
        writer.close()
    return first, end


async def _post(port: int, path: str, body: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_head("POST", path, f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n") + body)
    head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise ConnectionError(f"the server refused a goal: {head[:200]!r} {answer[:200]!r}")
    return answer


def _head(method: str, path: str, fields: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{fields}\r\n".encode()
