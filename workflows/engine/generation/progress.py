"""How far a generation has come, told in stages that are real: plan, agents, check."""

import asyncio
import json
from typing import Any, Final

from workflows.engine.generation import stages
from workflows.engine.graphs.graph import build
from workflows.engine.journal import Journal
from workflows.engine.shapes import Agent, Plan, SubTask
from workflows.engine.text import cut, listed
from workflows.events import MAX_DATA_BYTES, Kind

STARTED: Final = 5
PLANNED: Final = 40
STAFFED: Final = 90
CHECKING: Final = 95

MAX_DESCRIPTION_CHARS: Final = 300


class Progress:
    """Tells the progress of one generation. It never falls, in whatever order nodes finish on a replay."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._nodes = 0
        self._done = 0
        # Counting and telling are one act, or a later count could be written before an earlier one.
        self._counting = asyncio.Lock()

    async def planning(self) -> None:
        await self._tell("plan", STARTED, "Planning the workflow", stage=stages.PLAN)

    async def planned(self, plan: Plan) -> None:
        self._nodes = len(plan.sub_tasks)
        await self._journal.tell("plan/completed", Kind.PLAN_COMPLETED, plan_told(plan))
        names = listed([sub_task.name for sub_task in plan.sub_tasks])
        sentence = f"Planned {self._nodes} {'node' if self._nodes == 1 else 'nodes'}: {names}"
        await self._tell("planned", PLANNED, sentence, stage=stages.PLAN)

    async def staffed(self, sub_task: SubTask, agent: Agent) -> None:
        node = sub_task.name
        await self._journal.tell(
            f"node/{node}/completed", Kind.NODE_COMPLETED, {"node": node, "agents": [cut(agent.name, 100)]}
        )
        async with self._counting:
            self._done += 1
            percent = PLANNED + (STAFFED - PLANNED) * self._done // self._nodes
            sentence = f"Writing the agents ({self._done} of {self._nodes} done)"
            # The key counts: which node was the second to finish may differ in a replay.
            await self._tell(f"agents/{self._done}", percent, sentence, stage=stages.AGENTS, node=node)

    async def checking(self) -> None:
        await self._tell("check", CHECKING, "Checking the workflow", stage=stages.CHECK)

    async def _tell(self, key: str, percent: int, sentence: str, *, stage: str, node: str | None = None) -> None:
        await self._journal.tell(
            f"progress/{key}",
            Kind.TASK_PROGRESS,
            {
                "progress": percent,
                "current_state": sentence,
                "step": stages.STAGES.index(stage) + 1,
                "total_steps": len(stages.STAGES),
                "stage": stage,
                "node": node,
            },
        )


def plan_told(plan: Plan) -> dict[str, Any]:
    """The plan as its event tells it, without what makes it too large for one."""
    graph = build("", plan, agents={})
    told: dict[str, Any] = {
        "nodes": [
            {
                "name": node["name"],
                "description": cut(node["description"], MAX_DESCRIPTION_CHARS),
                "inputs": [parameter["name"] for parameter in node["inputs"]],
                "outputs": [parameter["name"] for parameter in node["outputs"]],
            }
            for node in graph["nodes"]
        ],
        "edges": [{"source": edge["source"], "target": edge["target"]} for edge in graph["edges"]],
    }
    if len(json.dumps(told)) <= MAX_DATA_BYTES:
        return told
    names = [{"name": n["name"], "description": "", "inputs": [], "outputs": []} for n in graph["nodes"]]
    return {"nodes": names, "edges": [], "truncated": True}
