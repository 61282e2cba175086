"""What an execution tells: the workflow, its iterations, its nodes, and how far it has come."""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from workflows.engine import keys
from workflows.engine.execution.schedule import Skip, Turn
from workflows.engine.graphs.wiring import Links
from workflows.engine.journal import Journal, Step
from workflows.engine.text import cut
from workflows.events import MAX_DATA_BYTES, Kind

MAX_DESCRIPTION_CHARS: Final = 300
MAX_NAME_CHARS: Final = 100
MAX_MESSAGE_CHARS: Final = 2_000
ROOM_BYTES: Final = MAX_DATA_BYTES - 2_000
"""What the journal adds has to fit, too."""

UNFINISHED: Final = 99
"""Percent. The last one is the result's."""


class Telling:
    """Tells of one execution. Progress never falls, also when follow-up nodes are added.

    It is nodes done of nodes known; a review that is to come counts as one. What makes it move is told right after it
    moved, so that the end of a node is told with the progress that it brings.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._known = 0
        self._done = 0
        self._closed: set[str] = set()
        self._percent = -1
        # Counting and telling are one act, or a later count could be written before an earlier one.
        self._counting = asyncio.Lock()

    async def workflow(self, nodes: Sequence[Mapping[str, Any]], links: Links, given: Iterable[str]) -> None:
        told = _workflow_told(nodes, links, list(given))
        await self._journal.tell("workflow/started", Kind.WORKFLOW_STARTED, told)

    def expect(self, nodes: int, *, review: bool) -> None:
        """From now on so much more is known to be done."""
        self._known += nodes + int(review)

    async def iteration_started(self, iteration: int, depth: int, nodes: int) -> None:
        data = {"iteration": iteration, "depth": depth, "nodes": nodes}
        await self._journal.tell(f"iteration/{iteration}/started", Kind.ITERATION_STARTED, data)
        which = "the workflow" if iteration == 1 else f"iteration {iteration}"
        await self._progress(f"Running {which}: {_count(nodes, 'node')}", None)

    async def iteration_completed(self, iteration: int, depth: int) -> None:
        data = {"iteration": iteration, "depth": depth, "review": None}
        await self._journal.tell(f"iteration/{iteration}/completed", Kind.ITERATION_COMPLETED, data)

    async def reviewed(self, iteration: int, depth: int, step: Step, *, is_new: bool) -> None:
        """Settle a new review, with what it decided; of one in the ledger only tell."""
        review = step.output
        told = {
            "goal_met": review["goal_met"],
            "reason": cut(review["reason"], MAX_MESSAGE_CHARS),
            "added": [follow_up["name"] for follow_up in review["follow_ups"]],
        }
        data = {"iteration": iteration, "depth": depth, "review": told}
        if is_new:
            await self._journal.settle(step, Kind.ITERATION_COMPLETED, data)
        else:
            await self._journal.tell(step.key, Kind.ITERATION_COMPLETED, data)

    async def review_done(self) -> None:
        self._done += 1
        await self._progress("Reviewed the results", None)

    async def started(self, iteration: int, turn: Turn) -> None:
        about = _about(iteration, turn)
        await self._journal.tell(f"{about['node_run']}/started", Kind.NODE_STARTED, about)

    async def found(self, iteration: int, turn: Turn, finding: str) -> None:
        about = _about(iteration, turn)
        # Named by what it says: a call that a crash cut off starts over, and may say the same again.
        digest = hashlib.sha256(finding.encode()).hexdigest()[:16]
        key = f"{about['node_run']}/finding/{digest}"
        await self._journal.tell(key, Kind.NODE_PROGRESS, {**about, "text": finding})

    async def attempt_failed(self, iteration: int, turn: Turn, step: Step) -> None:
        """Settle an attempt that failed: the run is tried again, or has failed."""
        failed = step.output
        error = {"type": failed["type"], "message": cut(failed["message"], MAX_MESSAGE_CHARS)}
        data = {**_about(iteration, turn), "attempt": failed["attempt"]}
        if failed["delay_s"] is None:
            await self._close(turn.node, f"{quoted(turn.node)} failed")
            await self._journal.settle(step, Kind.NODE_FAILED, {**data, "error": error})
            return
        delay_s = round(failed["delay_s"], 3)
        data |= {"reason": error["message"], "error_type": error["type"], "delay_s": delay_s}
        await self._journal.settle(step, Kind.NODE_RETRIED, data)

    async def finished(self, iteration: int, turn: Turn, step: Step) -> None:
        """Settle a run with its results."""
        await self.closed(turn.node)
        await self._journal.settle(step, Kind.NODE_FINISHED, _finished(iteration, turn, step))

    async def taken_over(self, iteration: int, turn: Turn, step: Step) -> None:
        """A run that is in the ledger. Told already, unless the ledger is another task's, whose stream nobody reads."""
        await self.closed(turn.node)
        data = {**_finished(iteration, turn, step), "taken_over": True}
        await self._journal.tell(step.key, Kind.NODE_FINISHED, data)

    async def closed(self, node: str) -> None:
        """A node is through with a run, in whatever way. Further runs in a loop are no progress."""
        await self._close(node, f"Finished {quoted(node)}")

    async def skipped(self, iteration: int, skip: Skip) -> None:
        await self._close(skip.node, f"{quoted(skip.node)} is skipped")
        # A node is skipped once in an iteration: what failed does not come back.
        data = {"node": cut(skip.node, MAX_NAME_CHARS), "iteration": iteration}
        key = f"{keys.NODE}/{iteration}/{keys.short(skip.node)}/skipped"
        run = keys.node_run(iteration, skip.node, 1)
        because = cut(skip.because, MAX_NAME_CHARS)
        await self._journal.tell(key, Kind.NODE_SKIPPED, {**data, "node_run": run, "because": because})

    async def _close(self, node: str, sentence: str) -> None:
        if node not in self._closed:
            self._closed.add(node)
            self._done += 1
            await self._progress(sentence, node)

    async def _progress(self, sentence: str, node: str | None) -> None:
        """Only where the percentage moves: a workflow of 2,000 nodes is told in a hundred steps, not in 2,000."""
        async with self._counting:
            percent = min(self._done * 100 // max(self._known, 1), UNFINISHED)
            if percent <= self._percent:
                return
            self._percent = percent
            data = {
                "progress": percent,
                "current_state": f"{sentence} ({self._done} of {self._known} done)" if self._done else sentence,
                "step": self._done,
                "total_steps": self._known,
                "stage": keys.STAGE,
                "node": None if node is None else cut(node, MAX_NAME_CHARS),
            }
            # The key is the percentage: which node is the tenth to finish may differ in a replay.
            await self._journal.tell(f"progress/{keys.STAGE}/{percent}", Kind.TASK_PROGRESS, data)


def outputs_told(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """A node's outputs as its event tells them: whole if they fit, else each one as a text that is cut."""
    if _size(outputs) <= ROOM_BYTES:
        return {"outputs": dict(outputs)}
    # Six bytes is what a character takes as JSON at worst; the names are short or there are few.
    characters = ROOM_BYTES // (max(len(outputs), 1) * 8)
    told: dict[str, Any] = {}
    for name, value in outputs.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        told[name] = value if not isinstance(value, str) and len(text) <= characters else cut(text, characters)
    if _size(told) > ROOM_BYTES:
        told = {}
    return {"outputs": told, "truncated": True}


def _workflow_told(nodes: Sequence[Mapping[str, Any]], links: Links, given: list[str]) -> dict[str, Any]:
    """As much of the graph as an event holds: with descriptions, or with names and edges, or with the first names."""
    before: dict[str, list[str]] = {}
    for (source, target), required in links.items():
        if required:
            before.setdefault(target, []).append(source)
    counts = {"inputs": [cut(name, MAX_NAME_CHARS) for name in given[:100]], "total": len(nodes), "done": 0}
    whole = {
        "nodes": [
            {
                "name": node["name"],
                "description": cut(node["description"], MAX_DESCRIPTION_CHARS),
                "depends_on": before.get(node["name"], []),
            }
            for node in nodes
        ],
        "edges": [{"source": source, "target": target} for source, target in links],
        **counts,
    }
    if _size(whole) <= ROOM_BYTES:
        return whole
    bare = [{"name": n["name"], "description": "", "depends_on": before.get(n["name"], [])} for n in nodes]
    shorter = {**whole, "nodes": bare, "edges": [], "truncated": True}
    if _size(shorter) <= ROOM_BYTES:
        return shorter
    first = [{"name": cut(n["name"], MAX_NAME_CHARS), "description": "", "depends_on": []} for n in nodes[:200]]
    return {**shorter, "nodes": first}


def _finished(iteration: int, turn: Turn, step: Step) -> dict[str, Any]:
    data = {**_about(iteration, turn), "duration_ms": step.output["duration_ms"]}
    return data | outputs_told(step.output["outputs"])


def _about(iteration: int, turn: Turn) -> dict[str, Any]:
    return {
        "node": cut(turn.node, MAX_NAME_CHARS),
        "node_run": keys.node_run(iteration, turn.node, turn.run),
        "iteration": iteration,
        "run": turn.run,
    }


def quoted(node: str) -> str:
    return repr(cut(node, MAX_NAME_CHARS))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
