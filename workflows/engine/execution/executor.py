"""From a workflow to its results: every node whose inputs are there runs at once, iteration by iteration."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.engine import keys
from workflows.engine.agents.files import TaskFiles
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.execution.answers import Room
from workflows.engine.execution.follow_ups import follow_up_nodes, grown
from workflows.engine.execution.node_runs import NodeRunner, RunFailed
from workflows.engine.execution.reviews import review
from workflows.engine.execution.schedule import Schedule, Turn
from workflows.engine.execution.telling import Telling
from workflows.engine.graphs import wiring
from workflows.engine.graphs.executable import GOAL, execution_problems, ignored_inputs, workflow_inputs
from workflows.engine.journal import Journal, Step
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.client import Models
from workflows.engine.llm.settings import ModelSettings
from workflows.engine.shapes import Review
from workflows.engine.text import listed
from workflows.engine.tools import Toolbox
from workflows.exceptions import Invalid, NodeFailed, Paused, StaleClaim, Waiting

__all__ = ["ExecutionLimits", "execute", "execution_problems", "ignored_inputs"]

Graph = Mapping[str, Any]
Node = Mapping[str, Any]


@dataclass(frozen=True)
class ExecutionLimits:
    """`nodes_at_once`: of one task. `loop_rounds`: how often the nodes of a loop run again, at most."""

    nodes_at_once: int = 8
    loop_rounds: int = 3

    def __post_init__(self) -> None:
        if self.nodes_at_once < 1 or self.loop_rounds < 0:
            raise ValueError("an execution runs at least one node at once, and no negative number of rounds")


async def execute(
    graph: Graph,
    inputs: Mapping[str, Any],
    *,
    settings: ModelSettings,
    models: Models,
    journal: Journal,
    tools: Toolbox | None = None,
    task_id: str = "",
    limits: ExecutionLimits | None = None,
    depth: int = 1,
    breadth: int = 0,
) -> dict[str, Any]:
    """The results of a valid graph: `{outputs, results, iterations}`, and `graph` if follow-up nodes made it grow.

    `outputs` are the workflow's by name, `results` those of each node. `tools`: on offer; each agent gets those that it
    names. `task_id`: what tools know the task by. What a former run of the same task settled is not done again. Raises
    `Invalid` for inputs with `execution_problems`, `NodeFailed`, for a review also `ModelFailed` and `ModelUnusable`,
    and whatever the journal raises, `Paused` and `Waiting` among it.
    """
    toolbox = tools or Toolbox()
    problems = execution_problems(graph, inputs, toolbox)
    if problems:
        raise Invalid(problems)
    caller = ModelCaller(settings, models, journal)
    tool_caller = ToolCaller(toolbox, journal, TaskFiles(journal), task_id)
    return await _Execution(caller, tool_caller, limits or ExecutionLimits(), depth, breadth).run(graph, inputs)


class _Execution:
    """One after the other the iterations of a workflow, which grows by what their reviews ask for."""

    def __init__(
        self, caller: ModelCaller, tools: ToolCaller, limits: ExecutionLimits, depth: int, breadth: int
    ) -> None:
        self._caller = caller
        self._tools = tools
        self._telling = Telling(caller.journal)
        self._limits = limits
        self._depth = depth
        self._breadth = breadth
        self._room = Room()

    async def run(self, graph: Graph, inputs: Mapping[str, Any]) -> dict[str, Any]:
        values = workflow_inputs(graph, inputs)
        links = wiring.links(graph["nodes"], graph["edges"])
        await self._telling.workflow(graph["nodes"], links, [name for name in values if values[name] is not None])
        results: dict[str, Any] = {}
        now, edges, iteration = graph["nodes"], graph["edges"], 1
        self._telling.expect(len(now), review=not self._is_last(iteration))
        while True:
            await self._telling.iteration_started(iteration, self._depth, len(now))
            schedule = Schedule(now, edges, values, loop_rounds=self._limits.loop_rounds)
            runner = NodeRunner(self._caller, self._tools, self._telling, iteration, self._room)
            await Iteration(runner, now, schedule, self._limits).run()
            values = {GOAL: graph["goal"], **schedule.values}
            results |= schedule.results
            if self._is_last(iteration):
                await self._telling.iteration_completed(iteration, self._depth)
                break
            review = await self._review(graph, values, iteration)
            if not review.follow_ups:
                break
            now, edges = follow_up_nodes(graph, review), []
            graph = grown(graph, now)
            iteration += 1
        outputs = {parameter["name"]: values.get(parameter["name"]) for parameter in graph["workflow_outputs"]}
        grew = {"graph": graph} if iteration > 1 else {}
        return {"outputs": outputs, "results": results, "iterations": iteration, **grew}

    async def _review(self, graph: Graph, values: Mapping[str, Any], iteration: int) -> Review:
        """The iteration's review, settled with what it decided."""
        key = keys.review(iteration)
        step = await self._caller.journal.lookup(key)
        is_new = step is None
        if step is None:
            said = await review(self._caller, graph, values, iteration, self._breadth)
            step = Step(key, keys.REVIEW, said.model_dump(mode="json"))
        await self._telling.reviewed(iteration, self._depth, step, is_new=is_new)
        found = Review.model_validate(step.output)
        if found.follow_ups:
            self._telling.expect(len(found.follow_ups), review=not self._is_last(iteration + 1))
        await self._telling.review_done()
        return found

    def _is_last(self, iteration: int) -> bool:
        return iteration >= self._depth or self._breadth < 1


class Iteration:
    """Runs the nodes of one schedule side by side, and sees how each of them ends."""

    def __init__(self, runner: NodeRunner, nodes: Sequence[Node], schedule: Schedule, limits: ExecutionLimits) -> None:
        self._runner = runner
        self._telling = runner.telling
        self._nodes = {node["name"]: node for node in nodes}
        self._schedule = schedule
        self._at_once = limits.nodes_at_once
        self._running: set[asyncio.Task[None]] = set()
        self._ended: deque[asyncio.Task[None]] = deque()
        self._somebody_ended = asyncio.Event()
        self._failures: list[RunFailed] = []
        self._pause: Paused | None = None
        self._waiting: dict[asyncio.Task[None], Waiting] = {}

    async def run(self) -> None:
        """Until nothing can run any more. Raises `NodeFailed`, `Paused`, `Waiting`, and what is nobody's fault at once.

        A node whose question waits takes no place; it goes on as soon as it is answered while others run, and once only
        such nodes are left that is raised.
        """
        try:
            await self._run()
        finally:
            waiting = list(self._waiting.values())
            left = [*self._running, *self._waiting]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        if self._pause is not None:
            raise self._pause
        if waiting:
            raise Waiting(key for question in waiting for key in question.keys)
        if self._failures:
            raise _node_failed(self._failures)
        # Not every result is there only if the schedule has a bug, which must not pass for a success.
        assert self._schedule.results.keys() == self._nodes.keys(), "a node has neither run nor failed"

    async def _run(self) -> None:
        self._begin()
        while self._running:
            await self._somebody_ended.wait()
            self._somebody_ended.clear()
            self._see_ended()
            self._begin()

    def _begin(self) -> None:
        ready = self._schedule.ready
        while ready and self._pause is None and len(self._running) < self._at_once:
            turn = ready.popleft()
            task = asyncio.create_task(self._run_one(turn), name=f"node/{turn.node}")
            self._running.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._waiting.pop(task, None)
        self._ended.append(task)
        self._somebody_ended.set()

    def _see_ended(self) -> None:
        """Lets through what no other node should outlive: a lost claim, else a bug."""
        errors: list[Exception] = []
        while self._ended:
            try:
                self._ended.popleft().result()
            except Paused as pause:
                self._pause = pause
            except Exception as error:  # noqa: BLE001 - raised below
                errors.append(error)
        if errors:
            raise next((error for error in errors if isinstance(error, StaleClaim)), errors[0])

    async def _run_one(self, turn: Turn) -> None:
        schedule = self._schedule
        try:
            inputs = schedule.inputs_of(turn.node)
            outputs = await self._runner.run(self._nodes[turn.node], turn, inputs)
        except Waiting as waiting:
            self._set_aside(turn, waiting)
            return
        except RunFailed as failure:
            self._failures.append(failure)
            schedule.fail(turn.node)
        else:
            schedule.finish(turn.node, outputs)
        # What this makes possible begins now, and not after it was told.
        self._somebody_ended.set()
        await self._telling.closed(turn.node)
        while schedule.skipped:
            skip = schedule.skipped.popleft()
            await self._telling.skipped(self._runner.iteration, skip)

    def _set_aside(self, turn: Turn, waiting: Waiting) -> None:
        async def go_on() -> None:
            await self._runner.caller.journal.answered(waiting.keys)
            # What it did before is in the ledger, so that beginning anew costs little.
            self._schedule.ready.appendleft(turn)

        task = asyncio.create_task(go_on(), name=f"question of {turn.node}")
        self._waiting[task] = waiting
        task.add_done_callback(self._end)


def _node_failed(failures: Sequence[RunFailed]) -> NodeFailed:
    """In the order in which they failed."""
    names = [failure.node for failure in failures]
    if len(failures) == 1:
        return NodeFailed(failures[0].sentence, nodes=names)
    sentences = " ".join(failure.sentence for failure in failures[:3])
    return NodeFailed(f"{len(failures)} nodes failed: {listed(names)}. {sentences}", nodes=names)
