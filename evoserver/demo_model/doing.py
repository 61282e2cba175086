"""What the demo model makes of an agent's task: results of the right types, in the words of what it was given.

It does no work, and every text says so. The words pass from node to node, so that a report speaks of what the goal
spoke of.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from evoserver.demo_model.chat import Json
from evoserver.demo_model.prompts import Prompt, inputs_of
from evoserver.demo_model.words import (
    content_words,
    identifier,
    sentence,
    shorten,
    split_words,
    stem,
    stems,
    unique,
    vocabulary,
)
from evoserver.demo_model.writer import MARK

MAX_TOPICS: Final = 6
MAX_READ: Final = 20_000
"""Characters of the inputs; the words of a demonstration are at their beginning."""

MAX_FOLLOW_UPS: Final = 2

# Words of the demo model's own texts, which are nobody's topic when one agent reads what another wrote.
_OWN: Final = stems(
    vocabulary(
        "demo model real write read made make text goal result note entry true false null part thought set "
        "openai_api_key openai api key would worth knowing speak check extend done whole"
    )
)
# What its own texts begin with, alone or in a list: `Key points 1: `.
_LABEL: Final = re.compile(r"""(?:^|")[\w ]{1,80}: """)
_OBJECTIVE: Final = re.compile(r"^#+ Objective\s*\n(.+?)(?=\n#|\Z)", re.MULTILINE | re.DOTALL)
_FORMAT: Final = re.compile(r"^#+ Output Format\b.*?$(.*)", re.MULTILINE | re.DOTALL)
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
_HEADING: Final = re.compile(r"^## +(\w+)[ \t]*$", re.MULTILINE)


def do_task(prompt: str, outputs: Sequence[Json], found: Sequence[str] = ()) -> Json:
    """A thought, and a value for each output. `found`: what tools gave, which goes into every text and number."""
    topics = _topics(prompt)
    return {"thought": _thought(prompt, topics)} | {one["name"]: _value(one, topics, found) for one in outputs}


def write_sections(prompt: str) -> str | None:
    """A text under each heading that an agent's prompt asks for; None for other prompts."""
    asked = _FORMAT.search(prompt)
    names = [name for name in _HEADING.findall(asked[1]) if name != "Thought"] if asked else []
    if not names:
        return None
    made = do_task(prompt, [{"name": name, "type": "string"} for name in names])
    return "\n\n".join(f"## {'Thought' if name == 'thought' else name}\n{text}" for name, text in made.items())


def review(prompt: Prompt) -> Json:
    """Once it finds something to check and to extend, and then it is content: a demonstration of both."""
    last = list(prompt.results or {})[-1:]
    about = content_words(split_words(" ".join(last).replace("_", " "))) or ["result"]
    wanted = [identifier((verb, *about), verb) for verb in ("check", "extend")][: min(prompt.breadth, MAX_FOLLOW_UPS)]
    if not wanted or any(name.startswith(("check_", "extend_")) for name in prompt.done):
        reason = f"The follow-up tasks are done: {shorten(', '.join(prompt.done), 200)}."
        return {"goal_met": True, "reason": sentence(f"{reason} {MARK}"), "follow_ups": []}
    spoken, goal = " ".join(about), shorten(prompt.goal, 160)
    descriptions = {
        "check": f"Check whether the {spoken} does what the goal asks, “{goal}”, and list what does not. {MARK}",
        "extend": f"Write down what the {spoken} leaves out and the goal, “{goal}”, asks for. {MARK}",
    }
    return {
        "goal_met": False,
        "reason": f"Nobody has looked at the {spoken} yet. {MARK}",
        "follow_ups": [
            {
                "name": unique(name, prompt.done),
                "description": descriptions[name.partition("_")[0]],
                "inputs": last,
            }
            for name in wanted
        ],
    }


def _topics(prompt: str) -> list[str]:
    """The words that the task is about: those of its inputs, or else of its objective."""
    inputs = [_LABEL.sub(" ", text[:MAX_READ]) if MARK in text else text for text in inputs_of(prompt)]
    for text in ("\n".join(inputs), _objective(prompt)):
        found = [word for word in content_words(split_words(text[:MAX_READ])) if stem(word) not in _OWN]
        if found:
            return found[:MAX_TOPICS]
    return ["work"]


def _objective(prompt: str) -> str:
    found = _OBJECTIVE.search(prompt)
    return " ".join((found[1] if found else prompt).split())


def _thought(prompt: str, topics: Sequence[str]) -> str:
    return (
        f"The task reads: “{shorten(_objective(prompt), 160)}” "
        f"What I was given speaks of {_listed(topics)}, so the result does as well. {MARK}"
    )


def _value(output: Json, topics: Sequence[str], found: Sequence[str]) -> Any:
    noun = output["name"].replace("_", " ")
    number = next((one for one in found if _NUMBER.fullmatch(one)), None)
    match output.get("type"):
        case "integer" if number and "." not in number:
            return int(number)
        case "number" if number:
            return float(number)
        case "integer":
            return len(topics)
        case "number":
            return len(topics) + 0.5
        case "boolean":
            return True
        case "array":
            listed = [*found, *topics][:4]
            return [f"{stem(noun).capitalize()} {i}: {one} {MARK}" for i, one in enumerate(listed, start=1)]
        case "object":
            known = {topic: f"What is worth knowing of {topic} {MARK}" for topic in topics[:4]}
            return {**({"from_tools": list(found)} if found else {}), **known}
    tools = f" The tools gave: {'; '.join(found)}." if found else ""
    said = f"{noun.capitalize()}: {_listed(topics)}.{tools}"
    return f"{said} This is a text of the demo model; a real model would write it here. {MARK}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
