"""From a goal to results with the demo model: the engine's own way, over real HTTP."""

import json

import pytest

from workflows.engine.execution.executor import execute
from workflows.engine.generation.generator import generate
from workflows.engine.graphs.graph import validate
from workflows.engine.llm.client import Models
from workflows.engine.llm.settings import ModelSettings
from workflows.engine.memory import MemoryJournal
from workflows.events import Kind

GOALS = ["Build a monthly sales report from our orders table", "Compare {a} and {b}", "Напиши стих о море и о горах"]


@pytest.mark.parametrize("goal", GOALS)
async def test_a_goal_becomes_results_in_its_words(root_url: str, goal: str) -> None:
    settings = ModelSettings(provider="demo", base_url=f"{root_url}/v1", model="demo")
    journal = MemoryJournal()
    async with Models() as models:
        graph = await generate(goal, settings=settings, models=models, journal=journal)
        journal = MemoryJournal()
        done = await execute(graph, {}, settings=settings, models=models, journal=journal, depth=3, breadth=2)
    assert journal.of(Kind.MODEL_REJECTED) == []
    assert journal.of(Kind.NODE_FAILED) == []
    assert done["iterations"] == 2
    assert validate(done["graph"]) == []
    assert len(done["results"]) == len(graph["nodes"]) + 2
    assert "demo" in json.dumps(done["outputs"])
    assert journal.of(Kind.NODE_PROGRESS)
