"""Goal → plan: the JSON of contract 1's `workflow_plan`, from the goal's own words, the same each time."""

from collections.abc import Sequence
from typing import Any, Final

from evoserver.demo_model.foreign import is_foreign, outline_foreign
from evoserver.demo_model.goals import MAX_READ, read_goal
from evoserver.demo_model.outlines import outline_clause, outline_clauses, outline_noun_phrase, outline_question
from evoserver.demo_model.sketches import Sketch
from evoserver.demo_model.words import shorten, unique

MAX_ECHO: Final = 1_000
"""Characters of the goal that the plan repeats."""

Json = dict[str, Any]


def make_plan(goal: str) -> Json:
    """The plan for a goal in any language, of any length."""
    sketches = _named(_sketch(goal))
    echo = goal.strip() if len(goal) <= MAX_ECHO else goal[: MAX_ECHO - 1].strip() + "…"
    return {"goal": echo, "thought": _thought(sketches), "sub_tasks": _sub_tasks(sketches)}


def _sketch(goal: str) -> list[Sketch]:
    if is_foreign(goal[:MAX_READ]):
        return outline_foreign(goal[:MAX_READ])
    reading = read_goal(goal)
    if reading.is_question:
        return outline_question(reading.text)
    match reading.clauses:
        case ():
            return outline_noun_phrase(reading.text)
        case (clause,):
            return outline_clause(clause)
        case clauses:
            return outline_clauses(clauses)


def _named(sketches: Sequence[Sketch]) -> list[Sketch]:
    """The sketches with names and outputs that occur once, and no output that is called like an input."""
    named: list[Sketch] = []
    outputs = ["goal"]
    for sketch in sketches:
        name = unique(sketch.name, (other.name for other in named))
        output = unique(sketch.output, outputs)
        outputs.append(output)
        named.append(Sketch(name, sketch.description, sketch.reason, output, sketch.type, sketch.needs))
    return named


def _sub_tasks(sketches: Sequence[Sketch]) -> list[Json]:
    goal = _parameter("goal", "string", "The goal of the workflow, in the user's own words.")
    outputs = [_parameter(sketch.output, sketch.type, _meaning(sketch)) for sketch in sketches]
    return [
        {
            "name": sketch.name,
            "description": sketch.description,
            "reason": sketch.reason,
            "inputs": [outputs[i] for i in sketch.needs] or [goal],
            "outputs": [outputs[number]],
        }
        for number, sketch in enumerate(sketches)
    ]


def _parameter(name: str, type_: str, description: str) -> Json:
    return {"name": name, "type": type_, "description": description, "required": True}


def _meaning(sketch: Sketch) -> str:
    words = sketch.output.replace("_", " ")
    match sketch.type:
        case "boolean":
            return f"Whether this was done: {words}."
        case "array":
            return f"The {words}, one entry each."
        case "object":
            return f"The {words}, by name."
        case "number":
            return f"The {words}, as a number."
        case _:
            return f"The {words}, as text."


def _thought(sketches: Sequence[Sketch]) -> str:
    """How the plan hangs together, in two or three sentences."""
    if len(sketches) == 1:
        return f"Demo model: the goal is one step, {sketches[0].name}."
    parts = [f"Demo model: the goal falls into {len(sketches)} steps."]
    for needs in dict.fromkeys(sketch.needs for sketch in sketches):
        side_by_side = [sketch.name for sketch in sketches if sketch.needs == needs]
        if len(side_by_side) > 1:
            parts.append(f"{_listed(side_by_side)} do not depend on each other and run at the same time.")
    joins = [sketch for sketch in sketches if len(sketch.needs) > 1]
    if joins:
        brought = _listed([sketches[i].output for i in joins[0].needs])
        parts.append(f"{joins[0].name} needs {brought}.")
    elif len(parts) == 1:
        parts.append("Each one needs the result of the one before it.")
    return shorten(" ".join(parts), 600)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
