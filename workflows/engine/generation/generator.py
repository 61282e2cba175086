"""From a goal to a valid workflow: plan, agents, check."""

from collections.abc import Iterator, Sequence
from typing import Any

from workflows.engine.generation.planning import make_plan
from workflows.engine.generation.progress import Progress
from workflows.engine.generation.staffing import staff, with_unique_names
from workflows.engine.graphs import graph
from workflows.engine.journal import Journal
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.client import Models
from workflows.engine.llm.settings import ModelSettings
from workflows.engine.shapes import Plan
from workflows.engine.tools import Tool
from workflows.exceptions import ModelUnusable, StaleClaim, TaskError

__all__ = ["Tool", "generate"]


async def generate(
    goal: str, *, settings: ModelSettings, models: Models, journal: Journal, tools: Sequence[Tool] = ()
) -> dict[str, Any]:
    """The valid `workflow_graph` of a goal. What a former run of the same task settled is not asked again.

    Raises `ModelFailed`, `ModelUnusable`, and whatever the journal raises.
    """
    caller = ModelCaller(settings, models, journal)
    progress = Progress(journal)

    await progress.planning()
    plan = await make_plan(caller, goal, tools)
    await progress.planned(plan)
    agents = await _staffed(caller, goal, plan, tools, progress)
    await progress.checking()
    return _checked(graph.build(goal, plan, agents))


async def _staffed(
    caller: ModelCaller, goal: str, plan: Plan, tools: Sequence[Tool], progress: Progress
) -> dict[str, Any]:
    try:
        agents = await staff(caller, goal, plan, tools, progress.staffed)
    except ExceptionGroup as failures:
        raise _gravest(failures) from None
    return {node: [agent] for node, agent in with_unique_names(agents).items()}


def _checked(built: dict[str, Any]) -> dict[str, Any]:
    problems = graph.validate(built)
    if problems:
        # Each part was checked when it came: this is a bug of ours, and must not pass for a workflow.
        raise ModelUnusable(f"The workflow does not hold together: {'; '.join(problems[:3])}.")
    return built


def _gravest(failures: ExceptionGroup[Exception]) -> Exception:
    """The one error that says what happened: a lost claim, else a bug, else why the model failed."""
    errors = list(_leaves(failures))
    for error in errors:
        if isinstance(error, StaleClaim):
            return error
    return next((error for error in errors if not isinstance(error, TaskError)), errors[0])


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
