"""Requests as the engine makes them, and an independent reading of contract 1's rules for their replies."""

import json
import string
from typing import Any

TYPES = {"string", "integer", "number", "boolean", "object", "array"}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_PARAMETERS = {
    "type": "array",
    "items": _object(
        name={"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
        type={"enum": sorted(TYPES)},
        description=_TEXT,
        required={"type": "boolean"},
    ),
}
PLAN_SCHEMA = _object(
    goal=_TEXT,
    thought=_TEXT,
    sub_tasks={
        "type": "array",
        "minItems": 1,
        "items": _object(name=_TEXT, description=_TEXT, reason=_TEXT, inputs=_PARAMETERS, outputs=_PARAMETERS),
    },
)
AGENTS_SCHEMA = _object(
    agents={
        "type": "array",
        "minItems": 1,
        "items": _object(
            name=_TEXT,
            description=_TEXT,
            inputs=_PARAMETERS,
            outputs=_PARAMETERS,
            prompt=_TEXT,
            tool_names={"anyOf": [{"type": "array", "items": _TEXT}, {"type": "null"}]},
        ),
    }
)


def goal_message(goal: str) -> dict[str, str]:
    return {"role": "user", "content": f"## Goal\n\n<goal>\n{goal}\n</goal>\n\n## Tools\n\n```json\n[]\n```"}


def node_message(goal: str, node: dict[str, Any], tools: list[dict[str, str]]) -> dict[str, str]:
    sections = {"Plan": {"sub_tasks": [node]}, "Node": node, "Tools": tools}
    told = [f"## {title}\n\n```json\n{json.dumps(value, indent=2)}\n```" for title, value in sections.items()]
    return {"role": "user", "content": "\n\n".join([f"## Goal\n\n<goal>\n{goal}\n</goal>", *told])}


def format_of(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


PLAN_FORMAT = format_of("workflow_plan", PLAN_SCHEMA)
AGENTS_FORMAT = format_of("node_agents", AGENTS_SCHEMA)


def needs_of(plan: dict[str, Any]) -> dict[str, set[str]]:
    """Which nodes each node waits for."""
    made_by = {output["name"]: task["name"] for task in plan["sub_tasks"] for output in task["outputs"]}
    return {
        task["name"]: {made_by[one["name"]] for one in task["inputs"] if one["name"] != "goal"}
        for task in plan["sub_tasks"]
    }


def problems_of(plan: dict[str, Any]) -> list[str]:
    """What breaks contract 1's rules for a plan."""
    tasks = plan["sub_tasks"]
    names = [task["name"] for task in tasks]
    outputs = [output["name"] for task in tasks for output in task["outputs"]]
    problems = []
    if len(set(names)) != len(names):
        problems.append("names twice")
    if len(set(outputs)) != len(outputs) or "goal" in outputs:
        problems.append("outputs twice")
    known = {"goal"}
    for task in tasks:
        inputs = {one["name"] for one in task["inputs"]}
        if not task["name"].isidentifier() or not task["name"].isascii() or task["name"] != task["name"].lower():
            problems.append(f"{task['name']} is no snake_case name")
        if inputs - known:
            problems.append(f"{task['name']} needs {inputs - known}")
        if not inputs or inputs & {one["name"] for one in task["outputs"]}:
            problems.append(f"{task['name']} has no inputs, or the same ones as outputs")
        if not task["description"].strip() or not task["reason"].strip():
            problems.append(f"{task['name']} does not say what or why")
        known |= {one["name"] for one in task["outputs"]}
    return problems


def fields_of(prompt: str) -> set[str]:
    """The fields of a prompt template; raises ValueError for a brace that is not escaped."""
    return {name for _, name, _, _ in string.Formatter().parse(prompt) if name is not None}
