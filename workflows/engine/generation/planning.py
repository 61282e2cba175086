"""The first stage: from a goal to a plan whose sub-tasks fit together."""

from collections.abc import Iterator, Sequence
from typing import Final

from workflows.engine import prompts
from workflows.engine.generation import stages
from workflows.engine.graphs import graph
from workflows.engine.graphs.wiring import open_inputs, producers
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.structured import Request, ask, reader, shaped
from workflows.engine.shapes import Plan
from workflows.engine.text import cut
from workflows.engine.tools import Tool, as_json

MAX_NODES: Final = 50
MAX_NAME_CHARS: Final = 64
MAX_PARAMETERS: Final = 20


async def make_plan(caller: ModelCaller, goal: str, tools: Sequence[Tool]) -> Plan:
    """A valid plan. Raises `ModelFailed`, `ModelUnusable`."""
    sections = [prompts.goal_section(goal)]
    if tools:
        sections.append(prompts.json_section("Tools", as_json(tools)))
    return await ask(
        caller,
        Request(
            key=stages.PLAN,
            stage=stages.PLAN,
            node=None,
            subject="plan",
            system=prompts.PLAN,
            user="\n\n".join(sections),
            format=shaped("workflow_plan", Plan),
            read=reader(Plan, check_plan),
        ),
    )


def check_plan(plan: Plan) -> tuple[Plan, list[str]]:
    """The plan with one type per name, and what is still wrong with it."""
    oversized = list(_oversized(plan))
    if oversized:
        return plan, oversized
    mended = graph.aligned(plan)
    draft = graph.build("", mended, agents={})
    return mended, graph.plan_problems(draft) or list(_misspelt(draft["nodes"]))


def _oversized(plan: Plan) -> Iterator[str]:
    if not plan.sub_tasks:
        yield "sub_tasks is empty; plan at least one sub-task"
    if len(plan.sub_tasks) > MAX_NODES:
        yield f"there are {len(plan.sub_tasks)} sub-tasks; {MAX_NODES} is the most, and 2 to 7 is usual"
        return
    for sub_task in plan.sub_tasks:
        for name in (sub_task.name, *(p.name for p in (*sub_task.inputs, *sub_task.outputs))):
            if len(name) > MAX_NAME_CHARS:
                yield f"the name {cut(name, 40)} is longer than {MAX_NAME_CHARS} characters; shorten it"
        for kind, parameters in (("inputs", sub_task.inputs), ("outputs", sub_task.outputs)):
            if len(parameters) > MAX_PARAMETERS:
                yield f"sub-task '{sub_task.name}' has {len(parameters)} {kind}; {MAX_PARAMETERS} is the most"


def _misspelt(nodes: list[dict[str, object]]) -> Iterator[str]:
    """An input that nobody makes becomes a workflow input, which would hide `keypoints` for `key_points`."""
    made = {_folded(name): name for name in producers(nodes)}
    for parameter in open_inputs(nodes):
        name = parameter["name"]
        if _folded(name) in made:
            yield (
                f"no sub-task makes the input '{name}', but one makes '{made[_folded(name)]}'; "
                "write the same name in both places, or a clearly different one if the user is to give it"
            )


def _folded(name: str) -> str:
    return name.replace("_", "").lower().rstrip("s")
