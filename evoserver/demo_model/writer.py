"""What the demo model writes besides plans: agents with their prompts, and paragraphs."""

from collections.abc import Sequence
from typing import Any, Final

from evoserver.demo_model.chat import Json
from evoserver.demo_model.tooling import matching_tools
from evoserver.demo_model.verbs import find_verb
from evoserver.demo_model.words import content_words, shorten, split_words

MARK: Final = "(demo)"
MAX_TOPICS: Final = 6


def make_agents(node: Json, goal: str, tools: Sequence[Json]) -> Json:
    """One agent for a node of the plan, as contract 1's `node_agents` has it."""
    description = str(node.get("description") or node["name"].replace("_", " "))
    inputs, outputs = _parameters(node, "inputs"), _parameters(node, "outputs")
    seen = goal if any(one["name"] == "goal" for one in inputs) else ""
    return {
        "agents": [
            {
                "name": f"{node['name']}_agent",
                "description": f"{description} {MARK}",
                "inputs": inputs,
                "outputs": outputs,
                "prompt": _prompt(description, inputs, outputs),
                "tool_names": matching_tools(f"{node['name']} {description}", seen, tools),
            }
        ]
    }


def write_paragraph(text: str) -> str:
    """A short answer made of the words of what was asked; says that it is a demonstration."""
    words = split_words(shorten(text, 2_000))
    topics = content_words(words[1:] if words and find_verb(words[0]) else words)[:MAX_TOPICS]
    if not topics:
        return "This is the demo model. The message holds no words to work with; say in a sentence what you want done."
    named = ", ".join(topics[:-1]) + f" and {topics[-1]}" if len(topics) > 1 else topics[0]
    return (
        f"This is the demo model, which knows no facts. You wrote about {named}. A real model would answer that here;"
        " set OPENAI_API_KEY to use one."
    )


def _parameters(node: Json, key: str) -> list[Json]:
    listed = node.get(key)
    return [one for one in listed if isinstance(one, dict) and "name" in one] if isinstance(listed, list) else []


def _prompt(description: str, inputs: Sequence[Json], outputs: Sequence[Json]) -> str:
    lines = ["### Objective", _plain(description), "", "### Instructions"]
    steps = [f"Read {_listed(inputs)} below; take nothing for granted that does not stand there."] if inputs else []
    steps += [_plain(description)]
    steps += [f"Put together {_described(one)}" for one in outputs]
    steps += ["Check that it does what the objective asks, and say so if something is missing."]
    lines += [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
    lines += ["", "### Inputs"]
    lines += [f"{_plain(one.get('description') or one['name'])}\n<input>{{{one['name']}}}</input>" for one in inputs]
    lines += ["", "### Output Format", "Answer in this form, with these headings:", ""]
    lines += ["## Thought", "[Two or three sentences on how you came to the result]"]
    for one in outputs:
        lines += ["", f"## {one['name']}", f"[{_plain(one.get('description') or one['name'])}]"]
    return "\n".join(lines)


def _described(parameter: Json) -> str:
    said = _plain(parameter.get("description") or parameter["name"])
    return f"`{parameter['name']}` ({parameter.get('type', 'string')}): {said}"


def _plain(text: Any) -> str:
    """A text inside a prompt template, where a single brace would start a field."""
    return str(text).replace("{", "{{").replace("}", "}}")


def _listed(parameters: Sequence[Json]) -> str:
    names = [f"`{one['name']}`" for one in parameters]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
