"""After an iteration: is the goal met, and if not, which follow-up tasks would meet it."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from workflows.engine import keys, prompts
from workflows.engine.graphs.executable import GOAL
from workflows.engine.graphs.templates import IDENTIFIER
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.structured import Request, ask, reader, shaped
from workflows.engine.shapes import Review
from workflows.engine.text import cut, listed

MAX_NAME_CHARS: Final = 64
MAX_DESCRIPTION_CHARS: Final = 10_000
MAX_INPUTS: Final = 20

RESULTS_CHARS: Final = 60_000
"""Of all results together in the prompt; long ones are cut."""

DONE_CHARS: Final = 30_000
"""Of the descriptions of all sub-tasks, likewise."""

Graph = Mapping[str, Any]


async def review(caller: ModelCaller, graph: Graph, values: Mapping[str, Any], iteration: int, breadth: int) -> Review:
    """The review of an iteration, whose follow-ups fit the graph. Raises `ModelFailed`, `ModelUnusable`."""
    room = min(DONE_CHARS // len(graph["nodes"]), 300)
    done = [{"name": node["name"], "description": cut(node["description"], max(room, 1))} for node in graph["nodes"]]
    sections = [
        prompts.goal_section(graph["goal"]),
        prompts.json_section("Sub-tasks", done),
        prompts.json_section("Results", shortened({n: v for n, v in values.items() if n != GOAL})),
        prompts.json_section("Limits", {"follow_ups": breadth}),
    ]
    return await ask(
        caller,
        Request(
            key=keys.review(iteration),
            stage=keys.REVIEW,
            node=None,
            subject="review",
            system=prompts.REVIEW,
            user="\n\n".join(sections),
            format=shaped("workflow_review", Review),
            read=reader(Review, partial(check_review, graph=graph, values=values, breadth=breadth)),
        ),
    )


def check_review(said: Review, *, graph: Graph, values: Mapping[str, Any], breadth: int) -> tuple[Review, list[str]]:
    """The review without follow-ups that nobody needs, and what is wrong with those that remain."""
    if said.goal_met:
        return said.model_copy(update={"follow_ups": ()}), []
    return said, list(_problems(said, {node["name"] for node in graph["nodes"]}, values, breadth))


def shortened(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a prompt can hold them: each one may take an equal share of the room."""
    share = max(RESULTS_CHARS // max(len(values), 1), 40)
    found: dict[str, Any] = {}
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        found[name] = value if len(text) <= share else cut(text, share)
    return found


def result_name(follow_up: str) -> str:
    """The output of a follow-up task."""
    return f"{follow_up}_result"


def _problems(said: Review, taken: set[str], values: Mapping[str, Any], breadth: int) -> Iterator[str]:
    if len(said.follow_ups) > breadth:
        yield f"there are {len(said.follow_ups)} follow_ups; {breadth} is the most, so keep the most important"
        return
    names: set[str] = set()
    for follow_up in said.follow_ups:
        here = f"follow-up '{cut(follow_up.name, 80)}'"
        if not IDENTIFIER.fullmatch(follow_up.name) or len(follow_up.name) > MAX_NAME_CHARS:
            yield f"{here}: its name must be at most {MAX_NAME_CHARS} letters, digits and underscores, no digit first"
        if follow_up.name in taken or follow_up.name in names or result_name(follow_up.name) in values:
            yield f"{here}: there is a sub-task of this name already; give it another one"
        names.add(follow_up.name)
        if not follow_up.description.strip() or len(follow_up.description) > MAX_DESCRIPTION_CHARS:
            yield f"{here}: its description must say what to do, in at most {MAX_DESCRIPTION_CHARS:,} characters"
        if len(follow_up.inputs) > MAX_INPUTS:
            yield f"{here} has {len(follow_up.inputs)} inputs; {MAX_INPUTS} is the most"
            continue
        unknown = [name for name in dict.fromkeys(follow_up.inputs) if name not in values]
        if unknown:
            yield f"{here}: there is no result {listed(unknown)}; its inputs must be of {listed(sorted(values), 30)}"
